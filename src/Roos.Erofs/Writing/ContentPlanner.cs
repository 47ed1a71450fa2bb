using System.Runtime.ExceptionServices;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs.Format;

namespace Roos.Erofs.Writing;

/// <summary>Chooses how the content of every inode is stored, and compresses what is to be compressed.</summary>
internal sealed class ContentPlanner(ErofsOptions options, Spool spool, IProgress<long>? progress, CancellationToken cancellation)
{
    private readonly List<(InodePlan File, long Length, int ClusterSize)> _files = [];
    private readonly List<(InodePlan File, long Start)> _tails = [];

    /// <summary>Plans all contents.</summary>
    /// <param name="inodes">In the order of the walk.</param>
    /// <param name="addPacked">Makes an inode of the packed content.</param>
    public void Plan(IReadOnlyList<InodePlan> inodes, Func<ByteSource, InodePlan> addPacked)
    {
        var files = new List<InodePlan>();
        foreach (var inode in inodes)
        {
            cancellation.ThrowIfCancellationRequested();
            inode.StoreFlat();
            if (inode.Node is not RegularFile file || inode.Size == 0) continue;
            if (ChunkTable.TryPlan(file.Content, options.Compression != ErofsCompression.None) is { } chunks) StoreChunks(inode, chunks);
            else files.Add(inode);
        }

        Duplicates.Find(files, cancellation);
        if (options.Compression != ErofsCompression.None) Compress(files, addPacked);
        foreach (var file in files.Where(file => file.Original is not null)) Share(file, file.Original!);
    }

    private static void StoreChunks(InodePlan inode, ChunkTable chunks)
    {
        inode.Layout = DataLayout.ChunkBased;
        inode.Chunks = chunks;
        inode.TailSize = chunks.TableSize;
        inode.DataBlocks = chunks.DataBlocks;
    }

    private void Compress(List<InodePlan> files, Func<ByteSource, InodePlan> addPacked)
    {
        var unique = files.Where(file => file.Original is null).ToArray();
        ForEach(unique, FileKinds.Recognise);
        foreach (var file in unique) Divide(file);

        // All parts are compared before the first file is stored: one whose extents others have must not become flat.
        IEnumerable<CompressionUnit> units = options.Deduplicate ? [.. CompressionUnits.OfParts(_files, cancellation)] : CompressionUnits.OfFiles(_files);
        using var compression = new ParallelCompression(options);
        if (_tails.Count > 0)
        {
            var packed = PackedFile.Pack(_tails);
            var inode = addPacked(packed.Content);
            inode.StoreFlat();
            // The large units first: at the end small ones keep all workers busy.
            units = packed.Units(inode, options.ClusterSize).Concat(units);
        }

        compression.Run(units, spool, Store, progress, cancellation);
        foreach (var (file, _) in _tails.Where(tail => tail.Start == 0)) StorePacked(file);
    }

    /// <summary>On all workers, for it reads every file's samples.</summary>
    private void ForEach(InodePlan[] files, Action<InodePlan> action)
    {
        try
        {
            Parallel.ForEach(files, new ParallelOptions { MaxDegreeOfParallelism = options.Workers, CancellationToken = cancellation }, action);
        }
        catch (AggregateException e) when (e.InnerException is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }
    }

    /// <summary>What of a file has extents of its own, and what is packed with others.</summary>
    private void Divide(InodePlan file)
    {
        var cluster = ClusterFor(file);
        if (cluster == 0) return;
        // A hint asks for extents of one file.
        var fragments = cluster == options.ClusterSize ? options.Fragments : ErofsFragments.None;
        // Packed, files that are equal share their ends too, which are kept beside each inode otherwise.
        if (file.Kind == FileKind.Noise && !(fragments != ErofsFragments.None && file.IsOriginal && file.Size <= PackedFile.MaximumTail)) return;
        var packed = fragments switch
        {
            ErofsFragments.All => file.Size,
            ErofsFragments.Tails when file.Size <= PackedFile.MaximumTail => file.Size,
            ErofsFragments.Tails when file.Size % CompressionUnits.FilePart <= PackedFile.MaximumTail => file.Size % CompressionUnits.FilePart,
            _ => 0,
        };
        if (packed > 0) _tails.Add((file, file.Size - packed));
        if (packed == file.Size) return;
        if (packed > 0 || file.Size > ErofsFormat.BlockSize || (options.TailPacking && file.Size > 2 * ErofsFormat.InodeSlotSize)) _files.Add((file, file.Size - packed, cluster));
    }

    private int ClusterFor(InodePlan file)
    {
        if (options.Hint is null) return options.ClusterSize;
        var hint = options.Hint(file.PathBytes) ?? options.ClusterSize;
        if (hint == 0 || ErofsOptions.IsClusterSize(hint)) return hint;
        throw new RoosException($"{file.Path}: the cluster size that a hint gives must be 0 or a power of two from 4096 to 1048576; found {hint}");
    }

    /// <summary>A file whose extents are known: compressed where that is less.</summary>
    private void Store(InodePlan file, CompressedContent content)
    {
        var last = content.Extents[^1];
        if (options.TailPacking && file.PackedLength == 0 && !last.IsPlain && last.Stored <= ErofsFormat.MaximumInlineTail) content = content with { InlineTail = last.Stored };
        // Counts of blocks, which is what a compact index has, say where extents are only if they lie one after another.
        var layout = options.Index == ErofsIndex.Full || file.PackedOffset > uint.MaxValue || content.HasShared ? DataLayout.CompressedFull : DataLayout.CompressedCompact;
        var index = layout == DataLayout.CompressedFull ? FullIndex.Measure(file.HeadSize, file.Size) : CompactIndex.Measure(file.HeadSize, file.Size);
        if (index > Array.MaxLength) throw new RoosException($"{file.Path}: {file.Size} bytes are too many to compress in one file");
        var compressed = content.Blocks * ErofsFormat.BlockSize + index + content.InlineTail;
        // What is packed stays packed and what others have extents of keeps them, so such files are never flat.
        if (file.PackedLength == 0 && !file.IsReferenced && compressed >= file.DataBlocks * ErofsFormat.BlockSize + file.TailSize) return;
        file.Layout = layout;
        file.Compressed = content;
        file.TailSize = (int)index + content.InlineTail;
        file.DataBlocks = content.Blocks;
    }

    private static void StorePacked(InodePlan file)
    {
        file.Layout = DataLayout.CompressedCompact;
        file.TailSize = PackedHeader.Measure(file.HeadSize);
        file.DataBlocks = 0;
    }

    /// <summary>The layout of a file that equals another, and the blocks of that one where both have the same layout.</summary>
    private void Share(InodePlan file, InodePlan original)
    {
        if (original.IsPacked)
        {
            (file.PackedOffset, file.PackedLength) = (original.PackedOffset, original.PackedLength);
            StorePacked(file);
        }
        else if (original.Compressed is { } content)
        {
            (file.PackedOffset, file.PackedLength) = (original.PackedOffset, original.PackedLength);
            Store(file, content);
        }

        if (file.Layout != original.Layout || file.DataBlocks != original.DataBlocks) file.Original = null;
    }
}
