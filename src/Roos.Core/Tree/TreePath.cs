using Roos.Core.Bytes;

namespace Roos.Core.Tree;

/// <summary>Paths inside a tree: bytes, '/' between names, no leading slash; the root is the empty path.</summary>
public static class TreePath
{
    /// <summary>Takes leading, trailing and doubled slashes and "." away.</summary>
    /// <exception cref="RoosException">The path has a ".." or a NUL: it could leave its root.</exception>
    public static ByteString Normalise(ByteString path)
    {
        var names = Split(path);
        if (names.Count == 0) return ByteString.Empty;
        var length = names.Count - 1;
        foreach (var name in names) length += name.Length;
        var result = new byte[length];
        var at = 0;
        foreach (var name in names)
        {
            if (at > 0) result[at++] = (byte)'/';
            name.Span.CopyTo(result.AsSpan(at));
            at += name.Length;
        }

        return new ByteString(result);
    }

    /// <summary>The names of a path, normalised.</summary>
    /// <exception cref="RoosException">The path has a ".." or a NUL: it could leave its root.</exception>
    public static IReadOnlyList<ByteString> Split(ByteString path)
    {
        var result = new List<ByteString>();
        var rest = path.Span;
        if (rest.Contains((byte)0)) throw new RoosException($"a path cannot contain a NUL byte: \"{path}\"");
        while (!rest.IsEmpty)
        {
            var slash = rest.IndexOf((byte)'/');
            var name = slash < 0 ? rest : rest[..slash];
            rest = slash < 0 ? default : rest[(slash + 1)..];
            if (name.IsEmpty || name.SequenceEqual("."u8)) continue;
            if (name.SequenceEqual(".."u8)) throw new RoosException($"the path \"{path}\" would leave its root (it contains \"..\")");
            result.Add(new ByteString(name));
        }

        return result;
    }

    public static ByteString Join(ByteString directory, ByteString name)
    {
        if (directory.IsEmpty) return name;
        var result = new byte[directory.Length + 1 + name.Length];
        directory.Span.CopyTo(result);
        result[directory.Length] = (byte)'/';
        name.Span.CopyTo(result.AsSpan(directory.Length + 1));
        return new ByteString(result);
    }
}
