using System.Globalization;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Testing;

/// <summary>Compares trees entry by entry: type, owner, permissions, time, attributes, contents, targets, devices, hard links.</summary>
public static class TreeComparison
{
    /// <summary>A line for every difference, at most fifty.</summary>
    public static IReadOnlyList<string> Differences(FileTree expected, FileTree actual, Func<ByteString, FileNode, bool>? ignore = null)
    {
        var result = new List<string>();
        var expectedEntries = expected.Walk().Where(entry => ignore?.Invoke(entry.Path, entry.Node) != true).ToDictionary(entry => entry.Path, entry => entry.Node);
        var actualEntries = actual.Walk().Where(entry => ignore?.Invoke(entry.Path, entry.Node) != true).ToDictionary(entry => entry.Path, entry => entry.Node);
        var expectedLinks = Groups(expected);
        var actualLinks = Groups(actual);
        var buffers = (new byte[1 << 20], new byte[1 << 20]);
        var compared = new HashSet<FileNode>(ReferenceEqualityComparer.Instance);
        foreach (var (path, node) in expectedEntries)
        {
            if (result.Count >= 50) break;
            if (!actualEntries.TryGetValue(path, out var other))
            {
                result.Add($"{path}: missing");
                continue;
            }

            if (expectedLinks[node] != actualLinks[other]) result.Add($"{path}: same inode as {expectedLinks[node]}, found as {actualLinks[other]}");
            if (compared.Add(node)) result.AddRange(Compare(node, other, buffers).Select(difference => $"{path}: {difference}"));
        }

        result.AddRange(actualEntries.Keys.Where(path => !expectedEntries.ContainsKey(path)).Take(20).Select(path => $"{path}: not expected"));
        return result;
    }

    private static Dictionary<FileNode, ByteString> Groups(FileTree tree)
    {
        var result = new Dictionary<FileNode, ByteString>(ReferenceEqualityComparer.Instance);
        foreach (var (path, node) in tree.Walk()) result.TryAdd(node, path);
        return result;
    }

    private static IEnumerable<string> Compare(FileNode expected, FileNode actual, (byte[] Left, byte[] Right) buffers)
    {
        var (e, a) = (expected.Metadata, actual.Metadata);
        if (expected.Mode != actual.Mode) yield return string.Create(CultureInfo.InvariantCulture, $"mode {Convert.ToString(expected.Mode, 8)}, found {Convert.ToString(actual.Mode, 8)}");
        if ((e.UserId, e.GroupId) != (a.UserId, a.GroupId)) yield return $"owner {e.UserId}:{e.GroupId}, found {a.UserId}:{a.GroupId}";
        if (e.ModificationTime != a.ModificationTime) yield return $"time {e.ModificationTime}, found {a.ModificationTime}";
        if (!e.ExtendedAttributes.SequenceEqual(a.ExtendedAttributes)) yield return $"attributes {Text(e)}, found {Text(a)}";
        switch (expected, actual)
        {
            case (SymbolicLink left, SymbolicLink right) when left.Target != right.Target:
                yield return $"target \"{left.Target}\", found \"{right.Target}\"";
                break;
            case (DeviceNode left, DeviceNode right) when (left.Major, left.Minor) != (right.Major, right.Minor):
                yield return $"device {left.Major}:{left.Minor}, found {right.Major}:{right.Minor}";
                break;
            case (RegularFile left, RegularFile right) when left.Content.Length != right.Content.Length:
                yield return $"size {left.Content.Length}, found {right.Content.Length}";
                break;
            case (RegularFile left, RegularFile right) when FirstDifference(left.Content, right.Content, buffers) is { } offset:
                yield return $"other content from about {offset} on";
                break;
        }
    }

    private static string Text(FileMetadata metadata) =>
        "{" + string.Join(", ", metadata.ExtendedAttributes.Select(attribute => $"{attribute.Key}={Convert.ToHexStringLower(attribute.Value.Span[..Math.Min(64, attribute.Value.Length)])}({attribute.Value.Length})")) + "}";

    private static long? FirstDifference(ByteSource left, ByteSource right, (byte[] Left, byte[] Right) buffers)
    {
        for (long at = 0; at < left.Length; at += buffers.Left.Length)
        {
            var count = (int)Math.Min(buffers.Left.Length, left.Length - at);
            var holes = (Left: left.IsHole(at, count), Right: right.IsHole(at, count));
            if (holes is (true, true)) continue;
            if (!holes.Left) left.Read(at, buffers.Left.AsSpan(0, count));
            if (!holes.Right) right.Read(at, buffers.Right.AsSpan(0, count));
            var equal = holes.Left ? !buffers.Right.AsSpan(0, count).ContainsAnyExcept((byte)0)
                : holes.Right ? !buffers.Left.AsSpan(0, count).ContainsAnyExcept((byte)0)
                : buffers.Left.AsSpan(0, count).SequenceEqual(buffers.Right.AsSpan(0, count));
            if (!equal) return at;
        }

        return null;
    }
}
