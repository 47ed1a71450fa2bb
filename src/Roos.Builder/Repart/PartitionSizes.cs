using Roos.Core;
using Roos.Gpt;
using Roos.Verity;

namespace Roos.Builder.Repart;

/// <summary>The bounds of a slot in bytes; multiples of 4096. A maximum of <see cref="long.MaxValue"/> is none.</summary>
internal sealed record SlotBounds(long Minimum, long Maximum, int Weight, long MinimumPadding, long MaximumPadding, int PaddingWeight);

/// <summary>Sizes of slots as systemd-repart 257 finds them for a disk that is just large enough (<c>--size=auto</c>).</summary>
public static class PartitionSizes
{
    /// <summary>Least size of a partition for which nothing is said (<c>DEFAULT_MIN_SIZE</c>).</summary>
    public const long DefaultMinimum = 10 << 20;

    /// <summary>Size of a partition with a root hash signature (<c>VERITY_SIG_SIZE</c>).</summary>
    public const long SignatureLength = 4 * GptDisk.Grain;

    /// <summary>
    /// Bytes of the slot of a definition before its content is known: what a file system that fills its slot (vfat) is made with.
    /// On disks above 4 MiB it is the final size.
    /// </summary>
    public static long SlotLength(RepartDefinition definition, IReadOnlyList<RepartDefinition> all) => Bounds(definition, all, 0).Minimum;

    /// <summary>The bounds of a slot that holds <paramref name="content"/> bytes.</summary>
    /// <exception cref="RoosException">The content does not fit into what the definition allows.</exception>
    internal static SlotBounds Bounds(RepartDefinition d, IReadOnlyList<RepartDefinition> all, long content)
    {
        var (least, most) = Limits(d, all);
        if (content > most)
        {
            throw new RoosException($"{d.Location.File}: the content of the partition ({d.Type}) has {content} bytes ({ByteCount.Text(content)}) and its slot is limited to {most} bytes ({ByteCount.Text(most)}){Advice(d)}");
        }

        var minimum = RoundUp(Math.Max(least, content));
        return new SlotBounds(minimum, Math.Max(minimum, most), d.Weight, d.PaddingMin ?? 0, d.PaddingMax ?? long.MaxValue, d.PaddingWeight);
    }

    /// <summary>
    /// Sizes and paddings for the free range of a disk: everybody's minimum, then what is left by weight, as <c>context_grow_partitions()</c>
    /// distributes it. Something is left on disks of up to 4 MiB only.
    /// </summary>
    internal static (long Size, long Padding)[] Distribute(IReadOnlyList<SlotBounds> slots, long span)
    {
        // Two claims for each slot, in this order: its size and the padding behind it.
        var claims = slots.SelectMany(slot => new[] { (slot.Minimum, slot.Maximum, slot.Weight), (Minimum: slot.MinimumPadding, Maximum: slot.MaximumPadding, Weight: slot.PaddingWeight) }).ToArray();
        var granted = new long?[claims.Length];
        var weights = claims.Sum(claim => (long)claim.Weight);
        foreach (var phase in Enum.GetValues<Phase>())
        {
            while (RunPhase(phase)) // somebody was served, so the shares of the others changed
            {
            }
        }

        for (var i = 0; i < claims.Length && span > 0; i += 2)
        {
            var grown = Math.Min(Math.Max((granted[i]!.Value + span) / GptDisk.Grain * GptDisk.Grain, granted[i]!.Value), claims[i].Maximum);
            span = Math.Max(0, span - RoundUp(grown - granted[i]!.Value));
            granted[i] = grown;
        }

        return [.. slots.Select((_, i) => (granted[2 * i]!.Value, granted[(2 * i) + 1]!.Value))];

        bool RunPhase(Phase phase)
        {
            var again = false;
            for (var i = 0; i < claims.Length; i++)
            {
                if (granted[i] is not null) continue;
                var (least, most, weight) = claims[i];
                var share = weight == 0 ? 0 : (long)((UInt128)(ulong)span * (ulong)weight / (ulong)weights);
                long? grant = phase switch
                {
                    Phase.NeedMore when least > share => least,
                    Phase.TakeLess when most < share => most,
                    Phase.Share => Math.Clamp(share / GptDisk.Grain * GptDisk.Grain, least, most),
                    _ => null,
                };
                if (grant is not { } size) continue;
                granted[i] = size;
                span = Math.Max(0, span - RoundUp(size));
                weights -= weight;
                again = phase != Phase.Share;
            }

            return again;
        }
    }

    private enum Phase
    {
        /// <summary>Who needs more than a share of its weight gets what it needs.</summary>
        NeedMore,

        /// <summary>Who takes less than its share gets what it takes.</summary>
        TakeLess,

        /// <summary>The others get their shares.</summary>
        Share,
    }

    private static (long Least, long Most) Limits(RepartDefinition d, IReadOnlyList<RepartDefinition> all)
    {
        if (d.Verity == VerityRole.Signature) return (SignatureLength, SignatureLength);
        if (d is { Verity: VerityRole.Hash, Minimize: MinimizeMode.Off, SizeMin: null, SizeMax: null } && DataSlot(d, all) is { } slot)
        {
            var length = VerityGeometry.HashPartitionLength(slot);
            return (length, length);
        }

        var least = d.Type.IsVeritySignature ? SignatureLength : d.SizeMin ?? (d.Format == "erofs" || d.Verity != VerityRole.Off ? GptDisk.Grain : DefaultMinimum);
        return (Math.Max(least, GptDisk.Grain), d.SizeMax is { } most ? Math.Max(most, GptDisk.Grain) : long.MaxValue);
    }

    private static long? DataSlot(RepartDefinition hash, IReadOnlyList<RepartDefinition> all) =>
        all.FirstOrDefault(d => d.Verity == VerityRole.Data && d.VerityMatchKey == hash.VerityMatchKey)?.SizeMax;

    private static string Advice(RepartDefinition d) => d.SizeMax is null ? ": the content must be smaller" : ": raise SizeMaxBytes= or take something out of the image";

    private static long RoundUp(long bytes) => (bytes + GptDisk.Grain - 1) / GptDisk.Grain * GptDisk.Grain;
}
