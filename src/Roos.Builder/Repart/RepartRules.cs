using Roos.Gpt;

namespace Roos.Builder.Repart;

/// <summary>What must hold in a definition and between definitions (<c>partition_read_definition()</c> and <c>context_read_definitions()</c> of repart.c), and what follows from it.</summary>
internal static class RepartRules
{
    /// <summary>Checks one definition and fills in what it implies.</summary>
    public static RepartDefinition Check(RepartDefinition d)
    {
        var location = d.Location;
        if (d.SizeMin > d.SizeMax) throw location.Error($"SizeMinBytes= ({d.SizeMin}) is larger than SizeMaxBytes= ({d.SizeMax})");
        if (d.PaddingMin > d.PaddingMax) throw location.Error($"PaddingMinBytes= ({d.PaddingMin}) is larger than PaddingMaxBytes= ({d.PaddingMax})");
        var isFilled = d.CopyFiles.Count > 0 || d.MakeDirectories.Count > 0;
        if (isFilled && d.Format is null)
        {
            if (d.Type.Designator is not (PartitionDesignator.Esp or PartitionDesignator.ExtendedBootLoader)) throw location.Error($"a partition of type {d.Type} with CopyFiles= or MakeDirectories= needs a Format=, such as Format=erofs");
            d = d with { Format = "vfat" };
        }

        if (d.Type.Designator == PartitionDesignator.Swap) throw location.Error("roos writes no swap space; it can be made on the target at first boot, by a definition in /usr/lib/repart.d of the image");
        if (d is { Minimize: not MinimizeMode.Off, Format: null, Verity: not VerityRole.Hash }) throw location.Error("Minimize= needs a Format= or Verity=hash");
        if (d is { Minimize: MinimizeMode.Best, Format: "vfat" }) throw location.Error("Minimize=best needs a read-only file system or Verity=hash; this partition has Format=vfat: give SizeMinBytes= or use Minimize=guess");
        if (d.Format == "erofs" && !isFilled) throw location.Error("Format=erofs needs CopyFiles= or MakeDirectories=: a read-only file system cannot be filled later");
        if (d.Verity != VerityRole.Off && d.VerityMatchKey is null) throw location.Error($"Verity={Name(d.Verity)} needs a VerityMatchKey= that its data, hash and signature partitions share");
        if (d.Verity == VerityRole.Off && d.VerityMatchKey is not null) throw location.Error("VerityMatchKey= needs Verity=data, hash or signature");
        if (d.Verity is VerityRole.Hash or VerityRole.Signature && (isFilled || d.Format is not null)) throw location.Error($"Verity={Name(d.Verity)} cannot go with CopyFiles=, Format= or MakeDirectories=: its content is computed");
        if (d.Verity == VerityRole.Signature && (d.SizeMin ?? d.SizeMax) is not null) throw location.Error("Verity=signature cannot go with SizeMinBytes= or SizeMaxBytes=: the partition always has 16384 bytes");
        CheckCompression(d);

        // systemd-repart sets the bit where verity makes the partition read-only anyway, but not for the signature.
        var readOnly = d.ReadOnly ?? (d.Type.IsVerityHash || d.Verity == VerityRole.Data ? true : null);
        // GrowFileSystem=no is honoured, as repart.d(5) says; systemd-repart 257 sets the bit all the same.
        var grow = d.GrowFileSystem ?? (d.Type.KnowsGrowFileSystem && readOnly != true ? true : null);
        return d with { ReadOnly = readOnly, GrowFileSystem = grow, Notes = [.. d.Notes, .. AttributeNotes(d)] };
    }

    /// <summary>Every verity partition has exactly one data and one hash partition with its key.</summary>
    public static void CheckTogether(IReadOnlyList<RepartDefinition> definitions)
    {
        foreach (var d in definitions.Where(d => d.Verity != VerityRole.Off))
        {
            foreach (var role in new[] { VerityRole.Data, VerityRole.Hash, VerityRole.Signature })
            {
                var count = definitions.Count(other => other.Verity == role && other.VerityMatchKey == d.VerityMatchKey);
                if (count > 1) throw d.Location.Error($"VerityMatchKey={d.VerityMatchKey} has {count} partitions with Verity={Name(role)}; it can have one");
                if (count == 0 && role != VerityRole.Signature) throw d.Location.Error($"Verity={Name(d.Verity)} needs a partition with Verity={Name(role)} and VerityMatchKey={d.VerityMatchKey}; there is none");
            }
        }
    }

    internal static string Name(VerityRole role) => role switch
    {
        VerityRole.Data => "data",
        VerityRole.Hash => "hash",
        VerityRole.Signature => "signature",
        _ => "off",
    };

    private static void CheckCompression(RepartDefinition d)
    {
        if (d.Compression is null)
        {
            if (d.CompressionLevel is not null) throw d.Location.Error("CompressionLevel= needs a Compression=, such as Compression=zstd");
            return;
        }

        if (d.Format != "erofs") throw d.Location.Error("Compression= needs Format=erofs");
        if (d.Compression != "zstd") throw d.Location.Error($"roos compresses EroFS with zstd; found Compression={d.Compression}");
    }

    private static IEnumerable<string> AttributeNotes(RepartDefinition d)
    {
        if (d.NoAuto is not null && !d.Type.KnowsNoAuto) yield return Note("NoAuto");
        if (d.ReadOnly is not null && !d.Type.KnowsReadOnly) yield return Note("ReadOnly");
        if (d.GrowFileSystem is not null && !d.Type.KnowsGrowFileSystem) yield return Note("GrowFileSystem");

        string Note(string setting) => $"{d.Location.File}: {setting}= changes nothing: partitions of type {d.Type} have no use for it";
    }
}
