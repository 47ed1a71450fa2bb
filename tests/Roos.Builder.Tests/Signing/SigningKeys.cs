using Roos.Signing;
using Roos.Testing;

namespace Roos.Builder.Tests.Signing;

/// <summary>Keys that are the same in every run.</summary>
internal static class SigningKeys
{
    public static readonly DateTimeOffset Start = new(2025, 8, 9, 0, 0, 0, TimeSpan.Zero);

    private static readonly Lazy<PrivateKey> LazyKey = new(() => PrivateKey.Generate(2048, new SeededRandom("builder")));

    private static readonly Lazy<PrivateKey> LazyOther = new(() => PrivateKey.Generate(2048, new SeededRandom("builder, another")));

    public static PrivateKey Key => LazyKey.Value;

    public static PrivateKey Other => LazyOther.Value;

    public static Certificate CertificateOf(PrivateKey key, int days = 3650) => Certificate.SelfSigned(key, "Test", Start, Start.AddDays(days), [1]);

    public static string Pem(PrivateKey key) => key.ToPem(null, new SeededRandom("unused"));
}
