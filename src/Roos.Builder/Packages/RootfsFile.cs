using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Builder.Packages;

/// <summary>A ready tree given by the user (<c>--rootfs FILE</c>): a tar, plain or compressed. No provider, no cache, no network.</summary>
public static class RootfsFile
{
    /// <param name="path">The file.</param>
    /// <param name="option">How the user gave it, for messages: <c>--rootfs</c>.</param>
    /// <exception cref="RoosException">It is not there, or it is no file.</exception>
    public static FileSource Open(string path, string option)
    {
        if (Directory.Exists(path)) throw new UsageException($"{option} must name a tar and \"{path}\" is a directory: pack it with \"tar --numeric-owner --xattrs -C {path} -cf rootfs.tar .\"");
        if (!File.Exists(path)) throw new UsageException($"{option}: there is no file \"{path}\"");
        var file = FileSource.Open(path);
        if (file.Length > 0) return file;
        file.Dispose();
        throw new RoosException($"{path}: is empty and must be a tar (given with {option})");
    }
}
