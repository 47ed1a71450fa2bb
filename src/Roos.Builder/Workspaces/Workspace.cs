using Roos.Builder.Host;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Builder.Workspaces;

/// <summary>
/// A folder of this build's own, on the file system of its output: bytes whose size is not known beforehand and outputs that are not
/// complete yet live here. It is gone when the build ends, however it ends; what a killed build left is removed by the next.
/// </summary>
public sealed class Workspace : IDisposable
{
    private const string Prefix = ".roos-build-";

    private readonly string _folder;
    private readonly FileStream _lock;
    private readonly List<FileSource> _open = [];
    private int _spools;

    private Workspace(string folder, FileStream held)
    {
        _folder = folder;
        _lock = held;
    }

    /// <summary>Makes a workspace inside <paramref name="parent"/> (made where missing).</summary>
    /// <exception cref="RoosException">The folder cannot be made or written to.</exception>
    public static Workspace Create(string parent)
    {
        try
        {
            Directory.CreateDirectory(parent);
            RemoveAbandoned(parent);
            var folder = Path.Combine(parent, Prefix + Path.GetRandomFileName());
            Directory.CreateDirectory(folder);
            return new Workspace(folder, Hold(folder));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{parent}: cannot be written to: {e.Message}", e);
        }
    }

    /// <summary>A path for a file that is being made; moved out of the workspace when complete.</summary>
    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>A spool in a file that has no name any more for others and vanishes with the process.</summary>
    public Spool CreateSpool() => new FileSpool(PathOf($"spool-{Interlocked.Increment(ref _spools)}"));

    /// <summary>
    /// The only bridge from planned to existing bytes: writes the image to a file of the workspace, and to <paramref name="also"/>. What is
    /// returned can be read as long as the workspace is there, also when the file was moved out of it.
    /// </summary>
    /// <exception cref="RoosException">The file cannot be written (no space left, say).</exception>
    public ByteSource Materialize(string name, IImage image, IReadOnlyList<ImageSink> also, CancellationToken cancellation)
    {
        var path = PathOf(name);
        WriteFile(path, image, also, cancellation);
        var source = FileSource.Open(path);
        _open.Add(source);
        return source;
    }

    /// <summary>Writes an image to a file, zeros as holes.</summary>
    /// <exception cref="RoosException">The file cannot be written (no space left, say).</exception>
    public static void WriteFile(string path, IImage image, IReadOnlyList<ImageSink> also, CancellationToken cancellation)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 1 << 20);
            if (OperatingSystem.IsWindows()) WindowsCalls.MakeSparse(stream.SafeFileHandle);
            var file = new StreamSink(stream);
            image.WriteTo(also.Count == 0 ? file : new TeeSink([file, .. also]), cancellation);
            file.Complete();
            if (stream.Length != image.Length) throw new InvalidOperationException($"{path}: {stream.Length} bytes were written where {image.Length} were planned");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(path, image.Length, e);
        }
    }

    public void Dispose()
    {
        foreach (var source in _open) source.Dispose();
        _lock.Dispose();
        TryDelete(_folder);
    }

    internal static RoosException CannotWrite(string path, long length, Exception e)
    {
        const int noSpaceUnix = 28, noSpaceWindows = unchecked((int)0x80070070), fullWindows = unchecked((int)0x80070027);
        return e.HResult is noSpaceUnix or noSpaceWindows or fullWindows
            ? new RoosException($"{path}: no space left on the device (it was to hold up to {length} bytes); free some space and run the command again, earlier output is untouched", e)
            : new RoosException($"{path}: cannot be written: {e.Message}", e);
    }

    /// <summary>Removes the workspaces in <paramref name="parent"/> that no build holds.</summary>
    /// <returns>The removed folders.</returns>
    internal static IReadOnlyList<string> RemoveAbandoned(string parent)
    {
        var removed = new List<string>();
        foreach (var folder in Directory.EnumerateDirectories(parent, Prefix + "*"))
        {
            try
            {
                // Held by a build that runs: the lock cannot be had and the folder stays.
                Hold(folder).Dispose();
                TryDelete(folder);
                if (!Directory.Exists(folder)) removed.Add(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
            }
        }

        return removed;
    }

    private static FileStream Hold(string folder) =>
        new(Path.Combine(folder, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);

    private static void TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next build removes it.
        }
    }
}
