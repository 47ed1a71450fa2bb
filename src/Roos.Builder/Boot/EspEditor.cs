using System.Buffers.Binary;
using Roos.Builder.Publishing;
using Roos.Builder.Workspaces;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Fat;
using Roos.Gpt;

namespace Roos.Builder.Boot;

/// <summary>Changes the EFI system partition of a disk image: the one place where a finished image may be given something without anything that is signed being touched.</summary>
internal static class EspEditor
{
    private const int VolumeIdOffset = 0x43, PieceLength = 1 << 20;

    /// <summary>Makes the change, all of it or none: the new file system is complete before the first byte of the image is replaced.</summary>
    /// <param name="path">The disk image.</param>
    /// <param name="change">From the tree of the ESP to the one that it shall have.</param>
    /// <param name="cancellation">Ends it before that.</param>
    /// <exception cref="RoosException">The image has no ESP, or what it shall have does not fit.</exception>
    public static void Change(string path, Func<FileTree, FileTree> change, CancellationToken cancellation)
    {
        using var workspace = Workspace.Create(Path.GetDirectoryName(Path.GetFullPath(path))!);
        ByteSource made;
        long offset;
        using (var disk = FileSource.Open(path))
        {
            if (!GptTable.IsPresent(disk)) throw new RoosException($"{path}: is no disk image: there is no partition table (GPT)");
            var table = GptTable.Read(disk);
            var esp = table.Entries.FirstOrDefault(entry => entry.Type.Designator == PartitionDesignator.Esp) ?? throw new RoosException($"{path}: has no EFI system partition");
            offset = table.OffsetOf(esp);
            var content = table.Content(disk, esp);
            var tree = FatReader.Read(content);
            var volumeId = new byte[4];
            content.Read(VolumeIdOffset, volumeId);
            var options = new FatOptions
            {
                Size = content.Length,
                VolumeId = BinaryPrimitives.ReadUInt32LittleEndian(volumeId),
                MaximumTime = tree.Walk().Select(item => item.Node.Metadata.ModificationTime).Max(),
            };
            made = workspace.Materialize("esp", FatImage.Plan(change(tree), options), [], cancellation);
        }

        Replace(path, offset, made);
    }

    /// <summary>The time of the newest file, which a file that is added gets, too: the clock has no part in an image.</summary>
    public static Timestamp TimeOf(FileTree tree) => tree.Walk().Select(item => item.Node.Metadata.ModificationTime).Max();

    /// <summary>Where SHA256SUMS beside an image lists it, what it says about it is not true any more.</summary>
    public static string? StaleDigest(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return DigestList.Find(folder)?.Digests.ContainsKey(Path.GetFileName(path)) == true
            ? $"{Path.Combine(folder, OutputSet.Manifest)} has the digest that {Path.GetFileName(path)} had when it was built"
            : null;
    }

    /// <summary>Most of an ESP stays as it was: only what differs is written.</summary>
    private static void Replace(string path, long offset, ByteSource content)
    {
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            var (mine, theirs) = (new byte[PieceLength], new byte[PieceLength]);
            for (var at = 0L; at < content.Length; at += PieceLength)
            {
                var piece = mine.AsSpan(0, (int)Math.Min(PieceLength, content.Length - at));
                content.Read(at, piece);
                var there = theirs.AsSpan(0, piece.Length);
                var read = RandomAccess.Read(file, there, offset + at);
                if (read != piece.Length || !piece.SequenceEqual(there)) RandomAccess.Write(file, piece, offset + at);
            }

            RandomAccess.FlushToDisk(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{path}: cannot be changed: {e.Message}", e);
        }
    }
}
