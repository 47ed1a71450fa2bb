using Roos.Builder.Signing;
using Roos.Core;
using Roos.Signing;
using Roos.Testing;

namespace Roos.Builder.Tests.Signing;

public sealed class CommandSignerTests : IDisposable
{
    private static readonly SigningRequest Request = new("uki", "the UKI", SigningRole.SecureBoot, [.. Enumerable.Range(0, 32).Select(i => (byte)i)]);

    private readonly ScratchFolder _scratch = new();

    public void Dispose() => _scratch.Dispose();

    [Fact]
    public void The_command_gets_the_digest_and_its_output_is_the_signature() => Assert.Equal(Request.Digest, Sign("cat"));

    [Fact]
    public void What_is_signed_is_in_its_environment() =>
        Assert.Equal(
            "uki|the UKI|secure-boot|RSASSA-PKCS1-v1_5-SHA256|000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
            System.Text.Encoding.UTF8.GetString(Sign("cat >/dev/null; printf %s \"$ROOS_SIGN_NAME|$ROOS_SIGN_DESCRIPTION|$ROOS_SIGN_ROLE|$ROOS_SIGN_ALGORITHM|$ROOS_SIGN_DIGEST\"")));

    [Theory]
    [InlineData("cat >/dev/null; echo no token >&2; exit 7", "ended with exit status 7: no token")]
    [InlineData("exit 1", "ended with exit status 1")]
    [InlineData("cat /dev/zero", "wrote more than 65536 bytes")]
    [InlineData("cat >/dev/null; head -c 1000000 /dev/zero >&2; exit 4", "ended with exit status 4")]
    public void A_command_that_fails_is_named_with_the_reason(string script, string reason)
    {
        var error = Assert.Throws<RoosException>(() => Sign(script));
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_that_hangs_is_ended()
    {
        var error = Assert.Throws<RoosException>(() => Sign("sleep 300", TimeSpan.FromSeconds(1)));
        Assert.Contains("gave no signature within 1 seconds", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_that_is_not_there_is_named()
    {
        var error = Assert.Throws<RoosException>(() => new CommandSigner("/nonexistent/sign --quickly", TimeSpan.FromSeconds(60)).Sign(Request, TestContext.Current.CancellationToken));
        Assert.Contains("\"/nonexistent/sign --quickly\" for uki (the UKI) cannot be started", error.Message, StringComparison.Ordinal);
    }

    private byte[] Sign(string script, TimeSpan? limit = null)
    {
        File.WriteAllText(_scratch["sign"], script);
        return new CommandSigner($"/bin/sh \"{_scratch["sign"]}\"", limit ?? TimeSpan.FromMinutes(5)).Sign(Request, TestContext.Current.CancellationToken);
    }
}
