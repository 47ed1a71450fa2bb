using Roos.Testing;

namespace Roos.Signing.Tests;

/// <summary>Keys and certificates that are the same in every run; making them takes a while, so tests share them.</summary>
internal static class TestKeys
{
    private static readonly Lazy<PrivateKey> LazyKey = new(() => PrivateKey.Generate(2048, new SeededRandom("one")));

    private static readonly Lazy<PrivateKey> LazyOther = new(() => PrivateKey.Generate(2048, new SeededRandom("another")));

    private static readonly Lazy<Certificate> LazyCertificate = new(() => CertificateOf(Key, "Test"));

    private static readonly Lazy<Certificate> LazyOtherCertificate = new(() => CertificateOf(Other, "Other"));

    public static DateTimeOffset Start { get; } = new(2025, 8, 9, 0, 0, 0, TimeSpan.Zero);

    public static PrivateKey Key => LazyKey.Value;

    public static PrivateKey Other => LazyOther.Value;

    public static Certificate Certificate => LazyCertificate.Value;

    public static Certificate OtherCertificate => LazyOtherCertificate.Value;

    public static Certificate CertificateOf(PrivateKey key, string name) => Certificate.SelfSigned(key, name, Start, Start.AddDays(3650), [1, 2, 3, 4]);
}
