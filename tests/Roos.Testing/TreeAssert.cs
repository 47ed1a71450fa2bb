using Roos.Core.Bytes;
using Roos.Core.Tree;
using Xunit;

namespace Roos.Testing;

/// <summary>Compares trees: names, types, metadata, which names are one inode, and every byte.</summary>
public static class TreeAssert
{
    public static void Equal(FileTree expected, FileTree actual)
    {
        Dictionary<FileNode, FileNode> pairs = new(ReferenceEqualityComparer.Instance), reverse = new(ReferenceEqualityComparer.Instance);
        var pending = new Stack<(string Path, DirectoryNode Expected, DirectoryNode Actual)>();
        EqualMetadata("/", expected.Root, actual.Root);
        pending.Push(("", expected.Root, actual.Root));
        while (pending.TryPop(out var pair))
        {
            Assert.True(pair.Expected.Entries.Keys.SequenceEqual(pair.Actual.Entries.Keys), $"{pair.Path}/ has the names {string.Join(", ", pair.Expected.Entries.Keys.Except(pair.Actual.Entries.Keys).Take(5))} and not {string.Join(", ", pair.Actual.Entries.Keys.Except(pair.Expected.Entries.Keys).Take(5))}");
            foreach (var (name, one) in pair.Expected.Entries)
            {
                var other = pair.Actual.Entries[name];
                var path = $"{pair.Path}/{name}";
                Assert.True(pairs.TryAdd(one, other) || ReferenceEquals(pairs[one], other), $"{path}: a hard link came apart");
                if (!reverse.TryAdd(other, one))
                {
                    Assert.True(ReferenceEquals(reverse[other], one), $"{path}: two inodes became one");
                    continue;
                }

                EqualMetadata(path, one, other);
                if (one is DirectoryNode directory) pending.Push((path, directory, (DirectoryNode)other));
                else EqualContent(path, one, other);
            }
        }
    }

    private static void EqualMetadata(string path, FileNode expected, FileNode actual)
    {
        Assert.True(expected.Mode == actual.Mode, $"{path}: mode {Convert.ToString(expected.Mode, 8)} became {Convert.ToString(actual.Mode, 8)}");
        var (one, other) = (expected.Metadata, actual.Metadata);
        Assert.True((one.UserId, one.GroupId) == (other.UserId, other.GroupId), $"{path}: owner {one.UserId}:{one.GroupId} became {other.UserId}:{other.GroupId}");
        Assert.True(one.ModificationTime == other.ModificationTime, $"{path}: time {one.ModificationTime} became {other.ModificationTime}");
        Assert.True(one.ExtendedAttributes.SequenceEqual(other.ExtendedAttributes), $"{path}: xattrs {string.Join(", ", one.ExtendedAttributes.Keys)} became {string.Join(", ", other.ExtendedAttributes.Keys)}, or a value changed");
    }

    private static void EqualContent(string path, FileNode expected, FileNode actual)
    {
        switch (expected)
        {
            case SymbolicLink link:
                Assert.True(link.Target == ((SymbolicLink)actual).Target, $"{path}: target {link.Target} became {((SymbolicLink)actual).Target}");
                break;
            case DeviceNode device:
                Assert.True((device.Major, device.Minor) == (((DeviceNode)actual).Major, ((DeviceNode)actual).Minor), $"{path}: device {device.Major}:{device.Minor} became {((DeviceNode)actual).Major}:{((DeviceNode)actual).Minor}");
                break;
            case RegularFile file:
                EqualBytes(path, file.Content, ((RegularFile)actual).Content);
                break;
        }
    }

    private static void EqualBytes(string path, ByteSource expected, ByteSource actual)
    {
        Assert.True(expected.Length == actual.Length, $"{path}: {expected.Length} bytes became {actual.Length}");
        byte[] one = new byte[1 << 20], other = new byte[1 << 20];
        for (long at = 0; at < expected.Length; at += one.Length)
        {
            var count = (int)Math.Min(one.Length, expected.Length - at);
            if (expected.IsHole(at, count) && actual.IsHole(at, count)) continue;
            expected.Read(at, one.AsSpan(0, count));
            actual.Read(at, other.AsSpan(0, count));
            var same = one.AsSpan(0, count).CommonPrefixLength(other.AsSpan(0, count));
            Assert.True(same == count, $"{path}: byte {at + same} differs");
        }
    }
}
