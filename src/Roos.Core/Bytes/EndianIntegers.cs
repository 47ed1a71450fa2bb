using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Roos.Core.Bytes;

/// <summary>Little-endian unsigned 16-bit integer as stored on disk (<c>__le16</c>).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly struct Le16(ushort value)
{
    private readonly ushort _raw = BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    public ushort Value => BitConverter.IsLittleEndian ? _raw : BinaryPrimitives.ReverseEndianness(_raw);

    public static implicit operator ushort(Le16 value) => value.Value;

    public static implicit operator Le16(ushort value) => new(value);

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Little-endian unsigned 32-bit integer as stored on disk (<c>__le32</c>).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly struct Le32(uint value)
{
    private readonly uint _raw = BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    public uint Value => BitConverter.IsLittleEndian ? _raw : BinaryPrimitives.ReverseEndianness(_raw);

    public static implicit operator uint(Le32 value) => value.Value;

    public static implicit operator Le32(uint value) => new(value);

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Little-endian unsigned 64-bit integer as stored on disk (<c>__le64</c>).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly struct Le64(ulong value)
{
    private readonly ulong _raw = BitConverter.IsLittleEndian ? value : BinaryPrimitives.ReverseEndianness(value);

    public ulong Value => BitConverter.IsLittleEndian ? _raw : BinaryPrimitives.ReverseEndianness(_raw);

    public static implicit operator ulong(Le64 value) => value.Value;

    public static implicit operator Le64(ulong value) => new(value);

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Big-endian unsigned 16-bit integer as stored on disk (<c>__be16</c>).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly struct Be16(ushort value)
{
    private readonly ushort _raw = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;

    public ushort Value => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(_raw) : _raw;

    public static implicit operator ushort(Be16 value) => value.Value;

    public static implicit operator Be16(ushort value) => new(value);

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Big-endian unsigned 32-bit integer as stored on disk (<c>__be32</c>).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly struct Be32(uint value)
{
    private readonly uint _raw = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;

    public uint Value => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(_raw) : _raw;

    public static implicit operator uint(Be32 value) => value.Value;

    public static implicit operator Be32(uint value) => new(value);

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>Big-endian unsigned 64-bit integer as stored on disk (<c>__be64</c>).</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public readonly struct Be64(ulong value)
{
    private readonly ulong _raw = BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(value) : value;

    public ulong Value => BitConverter.IsLittleEndian ? BinaryPrimitives.ReverseEndianness(_raw) : _raw;

    public static implicit operator ulong(Be64 value) => value.Value;

    public static implicit operator Be64(ulong value) => new(value);

    public override string ToString() => Value.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
