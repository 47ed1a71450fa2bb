using System.Security.Cryptography;
using Roos.Core;

namespace Roos.Builder.Signing;

/// <summary>
/// Writes files of keys: all of them complete beside their places first, then each under its name. Private ones are their owner's from
/// the first byte on. Nothing that is there is overwritten unless that is asked for.
/// </summary>
internal static class KeyFilesWriter
{
    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <param name="folder">An existing one; empty for that of the process.</param>
    /// <param name="files">What to write.</param>
    /// <param name="replace">Overwrites what is there.</param>
    /// <exception cref="UsageException">One of the files is there already; nothing was written.</exception>
    /// <exception cref="RoosException">A file cannot be written.</exception>
    public static void Write(string folder, IReadOnlyList<KeyFile> files, bool replace)
    {
        CheckPlaces(folder, files.Select(file => file.Name), replace);
        var suffix = "." + Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
        var unfinished = new List<string>();
        try
        {
            foreach (var file in files)
            {
                unfinished.Add(Path.Combine(folder, "." + file.Name + suffix));
                WriteComplete(unfinished[^1], file);
            }

            // Until all have their names, those that have are taken back when one fails; what was replaced cannot be.
            for (var i = 0; i < files.Count; i++)
            {
                var place = Path.Combine(folder, files[i].Name);
                File.Move(unfinished[i], place, overwrite: replace);
                if (!replace) unfinished[i] = place;
            }

            unfinished.Clear();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"the keys cannot be written: {e.Message}", e);
        }
        finally
        {
            foreach (var path in unfinished) TryDelete(path);
        }
    }

    /// <summary>Refuses places that are taken, before any work is done for them.</summary>
    /// <exception cref="UsageException">A place is taken.</exception>
    public static void CheckPlaces(string folder, IEnumerable<string> names, bool replace)
    {
        foreach (var name in names)
        {
            var path = Path.Combine(folder, name);
            if (Directory.Exists(path)) throw new UsageException($"{path}: is a directory, and a file of that name is to be written");
            if (!replace && (File.Exists(path) || new FileInfo(path).LinkTarget is not null)) throw new UsageException($"{path}: is there already, and a key that is lost cannot be had back; nothing was written. Move it away, or replace it with --force");
        }
    }

    private static void WriteComplete(string path, KeyFile file)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (file.IsPrivate && !OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerAlone;
        using var stream = new FileStream(path, options);
        stream.Write(file.Content);
        stream.Flush(flushToDisk: true);
    }

    // The error that led here is the one to tell.
    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
