using System.Buffers.Binary;
using Roos.Core;

namespace Roos.Initrd.Modules;

/// <summary>
/// The key-value index of modprobe (modules.*.bin): a trie with compressed paths, all numbers big-endian, written nodes before their
/// children. Source: comment "Index file format" in libkmod/libkmod-index.c and tools/depmod.c of kmod 34.
/// <code>
/// u32 magic B007F457, u32 version 0002 0001, u32 root (offset | flags)
/// node: [prefix, NUL]  [u8 first, u8 last, u32 child (offset | flags) for each character of that range]  [u32 count, (u32 priority, value, NUL) …]
/// </code>
/// The three parts are there where the flags in the offset of the node say so. Keys are 7-bit ASCII.
/// </summary>
internal sealed class IndexTrie
{
    internal const uint Magic = 0xB007F457;
    internal const uint Version = 0x00020001;
    internal const uint HasPrefix = 0x80000000;
    internal const uint HasValues = 0x40000000;
    internal const uint HasChildren = 0x20000000;
    internal const uint OffsetMask = 0x0fffffff;

    private const int HeaderSize = 12;

    /// <summary>Longest key: several times the longest alias there is, and a bound to the depth of the trie.</summary>
    private const int MaximumKeyLength = 1024;

    private readonly Node _root = new("");

    /// <summary>Adds a value. Those of a key are in order of priority, and the last added comes first among equals.</summary>
    /// <exception cref="DamagedInputException">A key or value has a byte of 128 or more.</exception>
    public void Add(string key, string value, uint priority)
    {
        if (key.Any(c => c is >= '\x80' or '\0') || value.Any(c => c is >= '\x80' or '\0'))
        {
            throw new DamagedInputException($"names in a module index must be ASCII and \"{key}\" of {value} is not: leave the module out");
        }

        if (key.Length > MaximumKeyLength)
        {
            throw new DamagedInputException($"names in a module index must have at most {MaximumKeyLength} characters and one of {value} has {key.Length}: leave the module out");
        }

        var node = _root;
        var at = 0;
        while (true)
        {
            var common = CommonPrefix(node.Prefix, key.AsSpan(at));
            if (common < node.Prefix.Length) node.Split(common);
            at += common;
            if (at == key.Length)
            {
                node.Add(value, priority);
                return;
            }

            if (!node.Children.TryGetValue(key[at], out var child)) node.Children.Add(key[at], child = new Node(key[(at + 1)..]));
            node = child;
            at++;
        }
    }

    /// <summary>The whole file.</summary>
    public byte[] ToArray()
    {
        var length = HeaderSize + (long)_root.Measure();
        if (length > OffsetMask) throw new RoosException($"a module index must be smaller than 256 MiB and would have {length} bytes: leave modules out");
        var result = new byte[length];
        BinaryPrimitives.WriteUInt32BigEndian(result, Magic);
        BinaryPrimitives.WriteUInt32BigEndian(result.AsSpan(4), Version);
        BinaryPrimitives.WriteUInt32BigEndian(result.AsSpan(8), HeaderSize | _root.Flags);
        _root.Write(result, HeaderSize);
        return result;
    }

    private static int CommonPrefix(string prefix, ReadOnlySpan<char> key) => key.CommonPrefixLength(prefix);

    private sealed class Node(string prefix)
    {
        private readonly List<(string Value, uint Priority)> _values = [];
        private int _size;
        private int _total;

        public string Prefix { get; private set; } = prefix;

        public SortedDictionary<char, Node> Children { get; private set; } = [];

        public uint Flags => (Prefix.Length > 0 ? HasPrefix : 0) | (_values.Count > 0 ? HasValues : 0) | (Children.Count > 0 ? HasChildren : 0);

        private char First => Children.First().Key;

        private char Last => Children.Last().Key;

        public void Add(string value, uint priority)
        {
            var at = _values.FindIndex(other => other.Priority >= priority);
            _values.Insert(at < 0 ? _values.Count : at, (value, priority));
        }

        /// <summary>Keeps the first <paramref name="length"/> characters of the prefix; the rest goes into a child with all else.</summary>
        public void Split(int length)
        {
            var child = new Node(Prefix[(length + 1)..]) { Children = Children };
            child._values.AddRange(_values);
            _values.Clear();
            Children = new SortedDictionary<char, Node> { [Prefix[length]] = child };
            Prefix = Prefix[..length];
        }

        /// <summary>Bytes of the node with all below it.</summary>
        public int Measure()
        {
            _size = Prefix.Length > 0 ? Prefix.Length + 1 : 0;
            if (Children.Count > 0) _size += 2 + ((Last - First + 1) * 4);
            if (_values.Count > 0) _size += 4 + _values.Sum(item => 4 + item.Value.Length + 1);
            return _total = _size + Children.Values.Sum(child => child.Measure());
        }

        public void Write(byte[] file, int offset)
        {
            var at = offset;
            if (Prefix.Length > 0) WriteString(Prefix);
            if (Children.Count > 0)
            {
                file[at++] = (byte)First;
                file[at++] = (byte)Last;
                var childOffset = offset + _size;
                foreach (var (character, child) in Children)
                {
                    BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(at + ((character - First) * 4)), (uint)childOffset | child.Flags);
                    child.Write(file, childOffset);
                    childOffset += child._total;
                }

                at += (Last - First + 1) * 4;
            }

            if (_values.Count == 0) return;
            WriteNumber((uint)_values.Count);
            foreach (var (value, priority) in _values)
            {
                WriteNumber(priority);
                WriteString(value);
            }

            void WriteNumber(uint number)
            {
                BinaryPrimitives.WriteUInt32BigEndian(file.AsSpan(at), number);
                at += 4;
            }

            void WriteString(string text)
            {
                foreach (var c in text) file[at++] = (byte)c;
                file[at++] = 0;
            }
        }
    }
}
