using System.Runtime.InteropServices;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>
/// A PE file with the signatures that it shall have, in place of those that it had. Source: Microsoft, "PE Format".
/// <para>
/// CheckSum is computed anew where the file has one. Where it is 0, as in UKIs and in all of systemd's EFI programs, it stays 0:
/// firmware does not look at it, and so taking the signatures away gives the bytes that were there before.
/// </para>
/// </summary>
public sealed class SignedPe : IImage
{
    private SignedPe(ByteSource bytes)
    {
        Bytes = bytes;
    }

    public long Length => Bytes.Length;

    /// <summary>The same bytes, at any offset: for what takes the file in, as a UKI takes a kernel.</summary>
    public ByteSource Bytes { get; }

    /// <summary>Plans the file; where it has a CheckSum, all of it is read.</summary>
    /// <param name="program">The file, signed or not.</param>
    /// <param name="signatures">PKCS#7 in DER, each over <see cref="PeDigest"/> of the file; none makes it unsigned.</param>
    /// <param name="name">What to call the file in messages.</param>
    /// <exception cref="DamagedInputException">It is no PE32+ file, or one that cannot be signed (see <see cref="PeDigest"/>).</exception>
    /// <exception cref="RoosException">A signature is no DER, or the file would have 4 GiB.</exception>
    public static SignedPe Plan(ByteSource program, IReadOnlyList<byte[]> signatures, string name = "PE file")
    {
        var content = SignedContent.Read(program, name);
        var table = CertificateTable.Write(signatures);
        var padding = content.Padding;
        var length = table.Length == 0 ? UnsignedLength(content) : content.Length;
        if (length + padding + table.Length > uint.MaxValue) throw new RoosException($"{name}: a PE file has less than 4 GiB, and with its signatures this one has {length + padding + table.Length} bytes");

        var image = content.Image;
        var head = new byte[image.SecurityDirectoryOffset + PeFormat.DataDirectorySize];
        program.Read(0, head);
        Le32 at = table.Length == 0 ? 0 : (uint)(length + padding);
        Le32 size = (uint)table.Length;
        MemoryMarshal.Write(head.AsSpan((int)image.SecurityDirectoryOffset), in at);
        MemoryMarshal.Write(head.AsSpan((int)image.SecurityDirectoryOffset + sizeof(uint)), in size);
        var checkSum = head.AsSpan((int)image.CheckSumOffset, sizeof(uint));
        checkSum.Clear();

        List<ByteSource> parts = [ByteSource.FromMemory(head), program.Slice(head.Length, length - head.Length)];
        if (table.Length != 0) parts.AddRange([ByteSource.Zeros(padding), ByteSource.FromMemory(table)]);
        var bytes = ByteSource.Concat(parts);
        if (image.OptionalHeader.CheckSum != 0)
        {
            Le32 sum = PeCheckSum.Compute(bytes);
            MemoryMarshal.Write(checkSum, in sum);
        }

        return new SignedPe(bytes);
    }

    public void WriteTo(ImageSink sink, CancellationToken cancellation = default) => Bytes.CopyTo(sink, cancellation);

    /// <summary>Without what signing put behind the sections so that the table begins at a multiple of 8.</summary>
    private static long UnsignedLength(SignedContent content)
    {
        var padding = content.Length - content.EndOfSections;
        if (!content.Image.IsSigned || padding is 0 or >= SignedContent.Alignment) return content.Length;
        return content.Source.Slice(content.EndOfSections, padding).ToArray().AsSpan().ContainsAnyExcept((byte)0) ? content.Length : content.EndOfSections;
    }
}
