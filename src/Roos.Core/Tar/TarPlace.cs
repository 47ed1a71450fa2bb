using Roos.Core.Bytes;

namespace Roos.Core.Tar;

/// <summary>Where in an archive something was found: for messages.</summary>
internal readonly record struct TarPlace(string Archive, ByteString Member, long Offset)
{
    public DamagedInputException Damaged(string what) => new(Member.IsEmpty
        ? $"{Archive}: offset {Offset}: {what}"
        : $"{Archive}: member \"{Member}\" at offset {Offset}: {what}");
}
