using System.Globalization;
using Roos.Core;

namespace Roos.Signing.Tests;

/// <summary>Damages valid bytes in every way that comes to mind; a reader may refuse them, and nothing else may happen.</summary>
internal static class Mutations
{
    private static readonly byte[] Interesting = [0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x84, 0xa0, 0xa1, 0xff];

    public static void Try(byte[] valid, int count, Action<byte[]> read)
    {
        var random = new Random(20250809);
        for (var i = 0; i < count; i++)
        {
            var mutant = Mutate(valid, random);
            try
            {
                read(mutant);
            }
            catch (RoosException)
            {
            }
            catch (Exception e)
            {
                Assert.Fail(string.Create(CultureInfo.InvariantCulture, $"mutant {i} ({Convert.ToHexStringLower(mutant)}): {e}"));
            }
        }
    }

    private static byte[] Mutate(byte[] valid, Random random)
    {
        var mutant = (byte[])valid.Clone();
        for (var changes = random.Next(1, 4); changes > 0 && mutant.Length > 0; changes--)
        {
            var at = random.Next(mutant.Length);
            switch (random.Next(6))
            {
                case 0: mutant[at] ^= (byte)(1 << random.Next(8)); break;
                case 1: mutant[at] = Interesting[random.Next(Interesting.Length)]; break;
                case 2: mutant[at] = (byte)random.Next(256); break;
                case 3: mutant = mutant[..at]; break;
                case 4: mutant = [.. mutant.AsSpan(0, at), .. mutant.AsSpan(random.Next(at, mutant.Length))]; break;
                default: mutant = [.. mutant.AsSpan(0, at), .. mutant.AsSpan(0, random.Next(mutant.Length)), .. mutant.AsSpan(at)]; break;
            }
        }

        return mutant;
    }
}
