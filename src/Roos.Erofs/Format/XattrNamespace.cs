using System.Diagnostics.CodeAnalysis;

namespace Roos.Erofs.Format;

/// <summary>Prefixes of xattr names that the format knows by number (EROFS_XATTR_INDEX_*).</summary>
internal static class XattrNamespace
{
    /// <summary>EROFS_XATTR_LONG_PREFIX: the number is one of the image's own table of prefixes.</summary>
    public const byte LongPrefixFlag = 0x80;

    /// <summary>The number of the name's prefix and the length of that prefix; false where the format has none.</summary>
    public static bool TrySplit(ReadOnlySpan<byte> name, out byte index, out int prefixLength)
    {
        (index, prefixLength) = name switch
        {
            _ when name.StartsWith("user."u8) => ((byte)1, 5),
            _ when name.SequenceEqual("system.posix_acl_access"u8) => ((byte)2, 23),
            _ when name.SequenceEqual("system.posix_acl_default"u8) => ((byte)3, 24),
            _ when name.StartsWith("trusted."u8) => ((byte)4, 8),
            _ when name.StartsWith("security."u8) => ((byte)6, 9),
            _ => ((byte)0, 0),
        };
        return index != 0;
    }

    [SuppressMessage("Style", "IDE0072:Populate switch", Justification = "the default is the answer for all others")]
    public static bool TryGetPrefix(int index, out ReadOnlySpan<byte> prefix)
    {
        prefix = index switch
        {
            1 => "user."u8,
            2 => "system.posix_acl_access"u8,
            3 => "system.posix_acl_default"u8,
            4 => "trusted."u8,
            5 => "lustre."u8,
            6 => "security."u8,
            _ => default,
        };
        return !prefix.IsEmpty;
    }
}
