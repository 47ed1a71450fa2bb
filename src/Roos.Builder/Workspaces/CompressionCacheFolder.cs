using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Win32.SafeHandles;
using Roos.Erofs;

namespace Roos.Builder.Workspaces;

/// <summary>
/// Compressed extents on disk, an immutable file for each: <c>erofs-1/ab/abcdef…</c>, named by the key in hex. Builds may share the folder:
/// an entry appears under its name when it is complete, and one that another build removes is a miss. What cannot be read, or is not what was
/// written under its name, is a miss too and is replaced when the extent has been compressed again. A folder that cannot be written to
/// is read from only.
/// </summary>
/// <remarks>
/// An entry is <see cref="Magic"/>, the key and the length of the value (64-bit little-endian), then the value. The time of last change of its file
/// is that of its last use, give or take <see cref="UseResolution"/>. Neither is trusted with the bytes of an image: the writer of EroFS
/// checks the digest that is in the value.
/// </remarks>
internal sealed class CompressionCacheFolder : CompressionCache, IDisposable
{
    /// <summary>The folder's name below the cache directory; counted up when entries look otherwise.</summary>
    public const string Name = "erofs-1";

    /// <summary>What all entries together may have where nobody says otherwise, in bytes.</summary>
    public const long DefaultMaximumLength = 2L << 30;

    private const int KeyLength = 32;
    private const int LengthAt = 8 + KeyLength;
    private const int HeaderLength = LengthAt + sizeof(long);
    private const int MaximumValueLength = 64 << 20; // an extent has at most 12 MiB; what is longer was not written here
    private const string PartialFolder = "partial";

    private static readonly TimeSpan UseResolution = TimeSpan.FromHours(1);
    private static readonly TimeSpan AbandonedAfter = TimeSpan.FromHours(1); // writing an entry takes milliseconds

    private readonly string _folder;
    private readonly long _maximumLength;
    private readonly Action<string> _warn;
    private readonly string _partialPrefix = Guid.NewGuid().ToString("N");
    private readonly ConcurrentDictionary<string, bool> _used = new(StringComparer.Ordinal);
    private int _partials;
    private int _stored;
    private volatile bool _readOnly;
    private int _warned;

    /// <param name="parent">The cache directory; made when the first entry is.</param>
    /// <param name="maximumLength">What all entries together may have when this is disposed, in bytes. Those that this instance has used stay even if they alone have more.</param>
    /// <param name="warn">Told once, in one sentence, where an entry cannot be stored.</param>
    public CompressionCacheFolder(string parent, long maximumLength, Action<string> warn)
    {
        _folder = Path.Combine(parent, Name);
        _maximumLength = maximumLength;
        _warn = warn;
    }

    private static ReadOnlySpan<byte> Magic => "ROOSEXT1"u8;

    public override byte[]? TryRead(ReadOnlySpan<byte> key)
    {
        var name = NameOf(key);
        var path = PathOf(name);
        try
        {
            if (!File.Exists(path)) return null; // an exception for every miss would cost more than this question
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var length = RandomAccess.GetLength(file) - HeaderLength;
            if (length is < 0 or > MaximumValueLength) return null;
            var header = new byte[HeaderLength];
            var value = GC.AllocateUninitializedArray<byte>((int)length);
            if (!ReadAll(file, header, value) || !header.AsSpan().SequenceEqual(Header(key, value.Length))) return null;
            _used[name] = true;
            MarkUsed(path, file);
            return value;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public override void Write(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (_readOnly || value.Length > MaximumValueLength) return;
        var name = NameOf(key);
        var path = PathOf(name);
        var partial = Path.Combine(_folder, PartialFolder, string.Create(CultureInfo.InvariantCulture, $"{_partialPrefix}-{Interlocked.Increment(ref _partials)}"));
        try
        {
            WritePartial(partial, Header(key, value.Length), value);
            MoveIntoPlace(partial, path);
            _used[name] = true;
            Interlocked.Increment(ref _stored);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            TryDelete(partial);
            if (File.Exists(path)) return; // on Windows an entry that somebody reads cannot be replaced
            GiveUpWriting(e);
        }
    }

    /// <summary>
    /// Removes entries until all together have no more than the maximum, those not used for longest first and those used by this instance never;
    /// and what killed builds have left.
    /// </summary>
    public void Trim()
    {
        try
        {
            var now = DateTime.UtcNow;
            foreach (var partial in FilesOf(Path.Combine(_folder, PartialFolder)).Where(file => now - file.LastWriteTimeUtc > AbandonedAfter)) TryDelete(partial.FullName);

            // Listed only once: a file that vanishes meanwhile was removed by another build.
            var entries = Entries();
            var total = entries.Sum(entry => entry.Length);
            foreach (var entry in entries.Where(entry => !_used.ContainsKey(entry.Name)).OrderBy(entry => entry.LastUse).ThenBy(entry => entry.Name, StringComparer.Ordinal))
            {
                if (total <= _maximumLength) break;
                if (TryDelete(entry.Path)) total -= entry.Length;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another build trims it.
        }
    }

    /// <summary>Trims the folder if it has grown by this instance.</summary>
    public void Dispose()
    {
        if (_stored > 0) Trim();
    }

    private static string NameOf(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyLength, nameof(key));
        return Convert.ToHexStringLower(key);
    }

    private static byte[] Header(ReadOnlySpan<byte> key, int length)
    {
        var header = new byte[HeaderLength];
        Magic.CopyTo(header);
        key.CopyTo(header.AsSpan(Magic.Length));
        BinaryPrimitives.WriteInt64LittleEndian(header.AsSpan(LengthAt), length);
        return header;
    }

    /// <summary>False where the file is shorter than it was.</summary>
    private static bool ReadAll(SafeFileHandle file, byte[] header, byte[] value)
    {
        var at = RandomAccess.Read(file, [header, value], 0);
        if (at < HeaderLength) return false;
        while (at < HeaderLength + value.Length)
        {
            var count = RandomAccess.Read(file, value.AsSpan((int)at - HeaderLength), at);
            if (count == 0) return false;
            at += count;
        }

        return true;
    }

    private static void MarkUsed(string path, SafeFileHandle file)
    {
        try
        {
            var now = DateTime.UtcNow;
            if (now - File.GetLastWriteTimeUtc(file) > UseResolution) File.SetLastWriteTimeUtc(path, now);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Of another owner, or in a read-only folder: it may go earlier than it should.
        }
    }

    private static void WritePartial(string partial, byte[] header, ReadOnlySpan<byte> value)
    {
        for (var made = false; ; made = true)
        {
            try
            {
                using var file = File.OpenHandle(partial, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
                RandomAccess.Write(file, header, 0);
                RandomAccess.Write(file, value, HeaderLength);
                return;
            }
            catch (DirectoryNotFoundException) when (!made)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(partial)!);
            }
        }
    }

    private static void MoveIntoPlace(string partial, string path)
    {
        for (var made = false; ; made = true)
        {
            try
            {
                File.Move(partial, path, overwrite: true);
                return;
            }
            catch (Exception e) when (!made && e is IOException or UnauthorizedAccessException)
            {
                if (Directory.Exists(path)) Directory.Delete(path, recursive: true);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            }
        }
    }

    private static IEnumerable<FileInfo> FilesOf(string folder) =>
        Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*", new EnumerationOptions { AttributesToSkip = 0, IgnoreInaccessible = true }) : [];

    private static bool TryDelete(string path)
    {
        try
        {
            File.Delete(path);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsReadOnlyFolder(Exception e)
    {
        const int readOnlyFileSystem = 30; // EROFS of Linux
        return e is UnauthorizedAccessException || e.HResult == readOnlyFileSystem;
    }

    private string PathOf(string name) => Path.Combine(_folder, name[..2], name);

    private List<Entry> Entries()
    {
        var entries = new List<Entry>();
        if (!Directory.Exists(_folder)) return entries;
        foreach (var folder in new DirectoryInfo(_folder).EnumerateDirectories().Where(folder => folder.Name != PartialFolder))
        {
            entries.AddRange(FilesOf(folder.FullName).Select(file => new Entry(file.Name, file.FullName, file.Length, file.LastWriteTimeUtc)));
        }

        return entries;
    }

    private void GiveUpWriting(Exception e)
    {
        _readOnly = true;
        if (IsReadOnlyFolder(e) || Interlocked.Exchange(ref _warned, 1) != 0) return;
        _warn($"{_folder}: compressed extents cannot be kept for the next build, which will compress them again: {e.Message}");
    }

    private readonly record struct Entry(string Name, string Path, long Length, DateTime LastUse);
}
