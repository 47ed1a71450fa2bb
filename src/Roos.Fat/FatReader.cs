using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Fat;

/// <summary>
/// Reads FAT32 file systems of any maker (sectors of 512 to 4096 bytes) as a tree whose contents are read when they are
/// asked for. The bytes may be hostile: every cluster belongs to at most one file or directory, so neither circles nor
/// many names of one large file get through, and memory is bounded by the size of the image.
/// </summary>
public static class FatReader
{
    private const int MaximumDepth = 128;

    /// <summary>
    /// The files of the file system. Long names are used where they are intact, short names elsewhere (bytes from 0x80 on
    /// count as Latin-1). Files are 0644 and directories 0755, of root.
    /// </summary>
    /// <exception cref="DamagedInputException">The bytes are no FAT32 file system, or a damaged one.</exception>
    public static FileTree Read(ByteSource source) => new(ReadDirectory(new FatVolume(source), new FatVolume.Claims(), ByteString.Empty, null, default, 0));

    private static DirectoryNode ReadDirectory(FatVolume volume, FatVolume.Claims claims, ByteString path, uint? first, Timestamp time, int depth)
    {
        if (depth > MaximumDepth) throw new DamagedInputException($"FAT: directories are nested more than {MaximumDepth} deep below \"{path}\"");
        var bytes = volume.ReadDirectory(first ?? volume.RootCluster, path, claims);
        var entries = ImmutableSortedDictionary.CreateBuilder<ByteString, FileNode>();
        var pending = new LongName();
        for (var at = 0; at + FatFormat.DirectoryEntrySize <= bytes.Length; at += FatFormat.DirectoryEntrySize)
        {
            var raw = bytes.AsSpan(at, FatFormat.DirectoryEntrySize);
            if (raw[0] == 0) break;
            if (raw[0] == FatFormat.DeletedEntry)
            {
                pending.Clear();
                continue;
            }

            var entry = MemoryMarshal.Read<RawDirectoryEntry>(raw);
            if ((entry.Attributes & FatFormat.AttributeLongNameMask) == FatFormat.AttributeLongName)
            {
                pending.Add(MemoryMarshal.Read<RawLongNameEntry>(raw));
                continue;
            }

            var name = pending.TakeFor(entry.Name) ?? ShortName(entry);
            if ((entry.Attributes & FatFormat.AttributeVolumeLabel) != 0) continue;
            if (raw[..11].SequenceEqual(".          "u8) || raw[..11].SequenceEqual("..         "u8)) continue;
            var key = ByteString.FromUtf8(name);
            if (name is "" or "." or ".." || name.AsSpan().ContainsAny('/', '\0'))
                throw new DamagedInputException($"FAT: directory \"{path}\" has the name \"{key}\", which no file can have");
            var child = TreePath.Join(path, key);
            if (entries.ContainsKey(key)) throw new DamagedInputException($"FAT: directory \"{path}\" has the name \"{key}\" twice");
            entries.Add(key, ReadNode(volume, claims, child, entry, depth));
        }

        return new DirectoryNode(new FileMetadata(0x1ed) { ModificationTime = time }, entries.ToImmutable());
    }

    private static FileNode ReadNode(FatVolume volume, FatVolume.Claims claims, ByteString path, RawDirectoryEntry entry, int depth)
    {
        var first = ((uint)entry.FirstClusterHigh.Value << 16) | entry.FirstClusterLow;
        var time = new FatTime(entry.WriteDate, entry.WriteTime).ToTimestamp();
        if ((entry.Attributes & FatFormat.AttributeDirectory) != 0) return ReadDirectory(volume, claims, path, first, time, depth + 1);
        return new RegularFile(new FileMetadata(0x1a4) { ModificationTime = time }, volume.OpenFile(first, entry.FileSize, path, claims));
    }

    private static string ShortName(RawDirectoryEntry entry)
    {
        Span<byte> bytes = stackalloc byte[11];
        ((ReadOnlySpan<byte>)entry.Name).CopyTo(bytes);
        if (bytes[0] == FatFormat.EscapedDeletedByte) bytes[0] = FatFormat.DeletedEntry;
        var first = Part(bytes[..8], FatFormat.LowerCaseBase);
        var extension = Part(bytes[8..], FatFormat.LowerCaseExtension);
        return extension.Length == 0 ? first : first + "." + extension;

        string Part(ReadOnlySpan<byte> part, byte lowerCase)
        {
            var text = Encoding.Latin1.GetString(part).TrimEnd(' ');
            return (entry.CaseFlags & lowerCase) != 0 ? text.ToLowerInvariant() : text;
        }
    }

    /// <summary>The pieces of a long name as they come, last piece first.</summary>
    private sealed class LongName
    {
        private readonly char[] _units = new char[20 * FatFormat.UnitsPerLongNameEntry];
        private int _count;
        private int _next;
        private byte _checksum;

        public void Clear() => _count = _next = 0;

        public void Add(RawLongNameEntry entry)
        {
            var ordinal = entry.Ordinal & 0x3f;
            if ((entry.Ordinal & FatFormat.LastLongNameEntry) != 0)
            {
                _count = _next = ordinal;
                _checksum = entry.Checksum;
            }

            if (ordinal == 0 || ordinal > 20 || ordinal != _next || entry.Checksum != _checksum)
            {
                Clear();
                return;
            }

            Span<byte> bytes = [.. (ReadOnlySpan<byte>)entry.Units1, .. (ReadOnlySpan<byte>)entry.Units2, .. (ReadOnlySpan<byte>)entry.Units3];
            for (var i = 0; i < FatFormat.UnitsPerLongNameEntry; i++)
                _units[((ordinal - 1) * FatFormat.UnitsPerLongNameEntry) + i] = (char)(bytes[i * 2] | (bytes[(i * 2) + 1] << 8));
            _next--;
        }

        /// <summary>The name, where it is whole and belongs to the short name; forgets it.</summary>
        public string? TakeFor(ReadOnlySpan<byte> shortName)
        {
            var whole = _count > 0 && _next == 0 && _checksum == FatName.Checksum(shortName);
            var text = whole ? new string(_units, 0, _count * FatFormat.UnitsPerLongNameEntry) : null;
            Clear();
            if (text is null) return null;
            var end = text.IndexOf('\0', StringComparison.Ordinal);
            return end < 0 ? text : text[..end];
        }
    }
}
