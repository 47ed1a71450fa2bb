using System.Numerics;
using System.Runtime.InteropServices;

namespace Roos.Fuzz;

/// <summary>
/// Counts of the branches that instrumented code took (SharpFuzz writes them as AFL does), and which have ever been seen,
/// by powers of two.
/// </summary>
internal sealed unsafe class Coverage
{
    private const int Size = 1 << 16;

    private readonly byte* _counts = (byte*)NativeMemory.AllocZeroed(Size);
    private readonly byte[] _seen = new byte[Size];

    public Coverage() => SharpFuzz.Common.Trace.SharedMem = _counts;

    /// <summary>Branches seen, each as often as with different counts.</summary>
    public int Seen { get; private set; }

    public void Clear()
    {
        new Span<byte>(_counts, Size).Clear();
        SharpFuzz.Common.Trace.PrevLocation = 0;
    }

    /// <summary>Adds what was counted since <see cref="Clear"/>; true where some of it is new.</summary>
    public bool Add()
    {
        var isNew = false;
        var words = new ReadOnlySpan<ulong>(_counts, Size / sizeof(ulong));
        for (var word = 0; word < words.Length; word++)
        {
            if (words[word] == 0) continue;
            for (var i = word * sizeof(ulong); i < (word + 1) * sizeof(ulong); i++)
            {
                if (_counts[i] == 0) continue;
                var bit = (byte)(1 << BitOperations.Log2(_counts[i]));
                if ((_seen[i] & bit) != 0) continue;
                _seen[i] |= bit;
                Seen++;
                isNew = true;
            }
        }

        return isNew;
    }
}
