using System.Buffers;
using System.Buffers.Text;
using Roos.Core.Bytes;

namespace Roos.Core.Tar;

/// <summary>The ways in which PAX records write the names and values of extended attributes.</summary>
internal static class PaxAttribute
{
    /// <summary>GNU tar writes "=" and "%" of a name as %3D and %25 (and nothing else so), because "=" ends a keyword.</summary>
    public static ByteString DecodeGnuName(ReadOnlySpan<byte> name) => Decode(name, gnuOnly: true);

    /// <summary>libarchive writes names URL-encoded.</summary>
    public static ByteString DecodePercent(ReadOnlySpan<byte> name) => Decode(name, gnuOnly: false);

    /// <summary>libarchive writes values as Base64 without padding.</summary>
    public static bool TryDecodeBase64(ReadOnlySpan<byte> text, out ByteString value)
    {
        text = text.TrimEnd((byte)'=');
        byte[] padded = [.. text, .. "==="u8[..((4 - (text.Length % 4)) % 4)]];
        var bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(padded.Length)];
        var status = Base64.DecodeFromUtf8(padded, bytes, out _, out var written);
        value = status == OperationStatus.Done ? new ByteString(bytes.AsSpan(0, written)) : default;
        return status == OperationStatus.Done;
    }

    private static ByteString Decode(ReadOnlySpan<byte> name, bool gnuOnly)
    {
        if (!name.Contains((byte)'%')) return new ByteString(name);
        var result = new byte[name.Length];
        var length = 0;
        for (var i = 0; i < name.Length; i++)
        {
            if (name[i] == '%' && i + 2 < name.Length && Utf8Parser.TryParse(name.Slice(i + 1, 2), out byte b, out var used, 'x') && used == 2
                && (!gnuOnly || b is (byte)'=' or (byte)'%'))
            {
                result[length++] = b;
                i += 2;
            }
            else
            {
                result[length++] = name[i];
            }
        }

        return new ByteString(result.AsSpan(0, length));
    }
}
