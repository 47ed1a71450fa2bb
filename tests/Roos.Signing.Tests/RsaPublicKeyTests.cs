using Roos.Core;

namespace Roos.Signing.Tests;

public sealed class RsaPublicKeyTests
{
    [Fact]
    public void Text_that_is_no_key_is_refused_with_the_reason()
    {
        var error = Assert.Throws<DamagedInputException>(() => RsaPublicKey.ReadPem("nothing", "key.pub"));
        Assert.StartsWith("key.pub: there is no public key in it", error.Message, StringComparison.Ordinal);
    }
}
