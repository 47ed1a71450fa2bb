using System.Security.Cryptography;
using Org.BouncyCastle.Crypto.Prng;
using Org.BouncyCastle.Security;

namespace Roos.Signing;

/// <summary>The caller's random bytes, for those who take them from a <see cref="SecureRandom"/>. It adds none of its own.</summary>
internal sealed class RandomSource : IRandomGenerator
{
    private readonly RandomNumberGenerator _random;

    private RandomSource(RandomNumberGenerator random) => _random = random;

    public static SecureRandom Of(RandomNumberGenerator random) => new(new RandomSource(random));

    public void AddSeedMaterial(byte[] seed)
    {
    }

    public void AddSeedMaterial(ReadOnlySpan<byte> seed)
    {
    }

    public void AddSeedMaterial(long seed)
    {
    }

    public void NextBytes(byte[] bytes) => _random.GetBytes(bytes);

    public void NextBytes(byte[] bytes, int start, int len) => _random.GetBytes(bytes, start, len);

    public void NextBytes(Span<byte> bytes) => _random.GetBytes(bytes);
}
