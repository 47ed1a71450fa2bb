using System.Globalization;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Erofs;
using Roos.Fat;
using Roos.Gpt;
using Roos.Verity;

namespace Roos.Builder.Inspection;

/// <summary>Recognises formats by their content, never by a name. Each format is a line in the table below.</summary>
public static class Inspector
{
    private const int DeepestNesting = 4;

    private static readonly (Func<ByteSource, bool> Recognises, Func<ByteSource, int, Finding> Describe)[] Formats =
    [
        (GptTable.IsPresent, Disk),
        (VeritySuperblock.IsPresent, HashDevice),
        (IsErofs, Erofs),
        (source => Has(source, 82, "FAT32   "u8) && Has(source, 510, [0x55, 0xaa]), Fat),
        (IsProgram, (source, _) => ProgramInspection.Describe(source)),
        (source => Has(source, 0, "070701"u8), (source, _) => ProgramInspection.DescribeInitrd(source)),
        (source => Has(source, 0, [0x28, 0xb5, 0x2f, 0xfd]), (source, _) => new Finding("zstd", "Zstandard data (an initrd, perhaps)", source.Length)),
        (source => Has(source, 0, "LUKS"u8), (source, _) => new Finding("luks", "LUKS volume", source.Length)),
        (source => Has(source, 0, "{\"rootHash\":"u8), (source, _) => SignatureInspection.RootHash(source)),
        (SignatureInspection.IsSignatureList, (source, _) => SignatureInspection.SignatureLists(source)),
        (SignatureInspection.IsAuthenticatedVariable, (source, _) => SignatureInspection.Variable(source)),
    ];

    internal static bool IsErofs(ByteSource source) => Has(source, 1024, [0xe2, 0xe1, 0xf5, 0xe0]); // EROFS_SUPER_MAGIC_V1

    internal static bool IsProgram(ByteSource source) => Has(source, 0, "MZ"u8);

    /// <summary>Looks at bytes, and at what is in them.</summary>
    public static Finding Inspect(ByteSource source) => Inspect(source, 0);

    private static Finding Inspect(ByteSource source, int depth)
    {
        if (depth > DeepestNesting) return new Finding("unknown", "nested too deeply", source.Length);
        foreach (var (recognises, describe) in Formats)
        {
            if (!recognises(source)) continue;
            try
            {
                return describe(source, depth);
            }
            catch (DamagedInputException e)
            {
                return new Finding("damaged", "damaged", source.Length) { Problems = [e.Message] };
            }
        }

        if (KeyInspection.TryDescribe(source) is { } key) return key;
        return IsBlank(source) ? new Finding("blank", "blank", source.Length) : new Finding("unknown", "data of no format that roos knows", source.Length);
    }

    private static Finding Disk(ByteSource source, int depth)
    {
        var table = GptTable.Read(source);
        var parts = table.Entries.Select(entry => new FindingPart(
            $"partition {entry.Number}",
            [
                ("type", entry.Type.Identifier),
                ("label", entry.Label),
                ("uuid", entry.Uuid.ToString()),
                ("attributes", Attributes(entry.Attributes)),
                ("offset", Number(table.OffsetOf(entry))),
                ("size", Number(table.LengthOf(entry))),
            ],
            Content(entry))).ToArray();
        return new Finding("gpt", "GPT disk", source.Length, [("uuid", table.DiskUuid.ToString()), ("sector size", Number(table.SectorSize))], parts, table.Problems);

        Finding Content(GptEntry entry)
        {
            try
            {
                return Inspect(table.Content(source, entry), depth + 1);
            }
            catch (DamagedInputException e)
            {
                return new Finding("damaged", "damaged", 0) { Problems = [e.Message] };
            }
        }
    }

    private static Finding HashDevice(ByteSource source, int depth)
    {
        var superblock = VeritySuperblock.Read(source);
        return new Finding(
            "verity",
            "dm-verity hash device",
            source.Length,
            ("uuid", superblock.Uuid.ToString()),
            ("algorithm", superblock.Algorithm),
            ("hash type", Number(superblock.HashType)),
            ("data blocks", Number(superblock.DataBlocks)),
            ("data block size", Number(superblock.DataBlockSize)),
            ("hash block size", Number(superblock.HashBlockSize)),
            ("salt", superblock.Salt.Length == 0 ? "-" : Convert.ToHexStringLower(superblock.Salt)));
    }

    private static Finding Erofs(ByteSource source, int depth)
    {
        using var reader = ErofsReader.Open(source);
        var superblock = reader.Superblock;
        return new Finding(
            "erofs",
            "EroFS file system",
            superblock.Blocks * 4096L,
            ("uuid", superblock.Uuid.ToString()),
            ("inodes", superblock.Inodes.ToString(CultureInfo.InvariantCulture)),
            ("build time", DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(superblock.BuildTime.Seconds, 0, 253402300799)).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)),
            ("compression", superblock.Algorithms.IsEmpty ? "none" : string.Join(", ", superblock.Algorithms)),
            ("features", $"compatible 0x{superblock.CompatibleFeatures:x}, incompatible 0x{superblock.IncompatibleFeatures:x}"));
    }

    private static Finding Fat(ByteSource source, int depth)
    {
        var parts = FatReader.Read(source).Walk().Where(item => item.Node is Core.Tree.RegularFile)
            .Select(item => new FindingPart(item.Path.ToString(), [], Inspect(((Core.Tree.RegularFile)item.Node).Content, depth + 1)));
        return new Finding("fat32", "FAT32 file system", source.Length, [], [.. parts], []);
    }

    private static string Attributes(PartitionAttributes attributes) => attributes == PartitionAttributes.None ? "-" : attributes.ToString();

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static bool Has(ByteSource source, long offset, ReadOnlySpan<byte> magic)
    {
        if (offset > source.Length - magic.Length) return false;
        Span<byte> found = stackalloc byte[16];
        found = found[..magic.Length];
        source.Read(offset, found);
        return found.SequenceEqual(magic);
    }

    /// <summary>All zeros at its start, which is where every format has something.</summary>
    internal static bool IsBlank(ByteSource source)
    {
        var head = new byte[Math.Min(source.Length, 1 << 16)];
        source.Read(0, head);
        return !head.AsSpan().ContainsAnyExcept((byte)0);
    }
}
