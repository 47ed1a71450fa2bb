using Roos.Builder.Signing;
using Roos.Core;
using Roos.Signing;

namespace Roos.Builder.Tests.Signing;

public sealed class SignatureRoundTests
{
    private static readonly SigningPlan Plan = new() { SecureBoot = SigningKeys.CertificateOf(SigningKeys.Key) };

    private static readonly ToBeSigned Structure = new(new byte[32], signature => [1, .. signature]);

    [Fact]
    public void Structures_are_completed_by_name()
    {
        var result = Complete(digest => SigningKeys.Key.Sign(digest));
        Assert.Equal([1, .. SigningKeys.Key.Sign(new byte[32])], result["uki"]);
    }

    [Fact]
    public void A_signature_by_another_key_is_refused() => Refused(digest => SigningKeys.Other.Sign(digest), "does not belong to it");

    [Fact]
    public void A_signature_of_something_else_is_refused() => Refused(_ => SigningKeys.Key.Sign([.. Enumerable.Repeat((byte)1, 32)]), "does not belong to it");

    [Theory]
    [InlineData(0)]
    [InlineData(255)]
    [InlineData(257)]
    public void A_signature_of_another_length_is_refused(int length) => Refused(_ => new byte[length], $"must have 256 bytes, as the modulus of the SecureBoot key; found {length}");

    [Fact]
    public void Rubbish_is_refused() => Refused(_ => [.. Enumerable.Repeat((byte)0xff, 256)], "does not belong to it");

    private static void Refused(Func<byte[], byte[]> sign, string reason)
    {
        var error = Assert.Throws<RoosException>(() => Complete(sign));
        Assert.StartsWith("the signature of uki (the UKI) ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    private static IReadOnlyDictionary<string, byte[]> Complete(Func<byte[], byte[]> sign)
    {
        var round = new SignatureRound(Plan, new Source(sign));
        round.Add("uki", "the UKI", SigningRole.SecureBoot, Structure);
        return round.Complete(TestContext.Current.CancellationToken);
    }

    private sealed class Source(Func<byte[], byte[]> sign) : ISignatureSource
    {
        public IReadOnlyList<byte[]> Sign(IReadOnlyList<SigningRequest> requests, CancellationToken cancellation) => [.. requests.Select(request => sign([.. request.Digest]))];
    }
}
