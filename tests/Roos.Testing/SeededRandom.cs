using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Roos.Testing;

/// <summary>
/// Random bytes that are the same each time: SHA-256 of the seed and a counter. Keys that tests make with it are the same on every machine, so
/// that no private key need be kept in the repository. FOR TESTS ONLY: whoever knows the seed has the key.
/// </summary>
public sealed class SeededRandom(string seed) : RandomNumberGenerator
{
    private readonly byte[] _seed = SHA256.HashData(Encoding.UTF8.GetBytes(seed));

    private byte[] _block = [];

    private int _used;

    private long _count;

    public override void GetBytes(byte[] data)
    {
        for (var i = 0; i < data.Length; i++)
        {
            if (_used == _block.Length)
            {
                var counter = new byte[8];
                BinaryPrimitives.WriteInt64LittleEndian(counter, _count++);
                (_block, _used) = (SHA256.HashData([.. _seed, .. counter]), 0);
            }

            data[i] = _block[_used++];
        }
    }
}
