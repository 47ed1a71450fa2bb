using System.Buffers.Binary;
using System.Collections.Immutable;
using Roos.Core;
using Roos.Core.Identity;

namespace Roos.Signing.Efi;

/// <summary>A certificate or digest in a list, and who put it there.</summary>
/// <param name="Owner">SignatureOwner: all zeros for nobody.</param>
/// <param name="Data">SignatureData.</param>
public sealed record EfiSignature(Uuid Owner, ImmutableArray<byte> Data);

/// <summary>
/// EFI_SIGNATURE_LIST: certificates or digests of one kind and length. Variables of Secure Boot, and <c>.esl</c> files, are such lists
/// one after another. Little-endian. Source: UEFI Specification, 32.4.1 "Signature Database".
/// </summary>
public sealed class EfiSignatureList
{
    private const int HeaderLength = 28, OwnerLength = 16, MostBytes = 4 << 20;

    /// <param name="type">SignatureType.</param>
    /// <param name="signatures">At least one; all of one length.</param>
    public EfiSignatureList(Uuid type, IReadOnlyList<EfiSignature> signatures)
    {
        ArgumentOutOfRangeException.ThrowIfZero(signatures.Count);
        if (signatures.Any(signature => signature.Data.Length != signatures[0].Data.Length)) throw new ArgumentException("the signatures of a list have one length", nameof(signatures));
        (Type, Signatures) = (type, [.. signatures]);
    }

    /// <summary>EFI_CERT_X509_GUID.</summary>
    public static Uuid X509 { get; } = Uuid.Parse("a5c059a1-94e4-4aa7-87b5-ab155c2bf072");

    /// <summary>EFI_CERT_SHA256_GUID: Authenticode digests of single programs.</summary>
    public static Uuid Sha256 { get; } = Uuid.Parse("c1c41626-504c-4092-aca9-41f936934328");

    public Uuid Type { get; }

    public ImmutableArray<EfiSignature> Signatures { get; }

    private int Length => HeaderLength + (Signatures.Length * (OwnerLength + Signatures[0].Data.Length));

    /// <summary>A list of one certificate.</summary>
    public static EfiSignatureList OfCertificate(Certificate certificate, Uuid owner = default) => new(X509, [new EfiSignature(owner, certificate.Der)]);

    /// <summary>A list of Authenticode digests, 32 bytes each.</summary>
    public static EfiSignatureList OfDigests(IEnumerable<byte[]> digests, Uuid owner = default) => new(Sha256, [.. digests.Select(digest => new EfiSignature(owner, [.. digest]))]);

    /// <summary>Lists one after another, as a variable or an .esl file holds them.</summary>
    public static byte[] Write(IEnumerable<EfiSignatureList> lists) => [.. lists.SelectMany(list => list.ToArray())];

    /// <summary>Reads lists one after another.</summary>
    /// <param name="bytes">All of the file or variable.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="DamagedInputException">The bytes are no lists.</exception>
    public static IReadOnlyList<EfiSignatureList> Read(ReadOnlySpan<byte> bytes, string name = "EFI signature list")
    {
        if (bytes.Length > MostBytes) throw new DamagedInputException($"{name}: EFI signature lists have at most {MostBytes} bytes; found {bytes.Length}");
        var lists = new List<EfiSignatureList>();
        for (var at = 0; at < bytes.Length;)
        {
            var rest = bytes[at..];
            if (rest.Length < HeaderLength) throw new DamagedInputException($"{name}: an EFI signature list begins with {HeaderLength} bytes; at offset {at} there are {rest.Length}");
            var length = BinaryPrimitives.ReadUInt32LittleEndian(rest[16..]);
            var header = BinaryPrimitives.ReadUInt32LittleEndian(rest[20..]);
            var size = BinaryPrimitives.ReadUInt32LittleEndian(rest[24..]);
            if (length > rest.Length || header > length || length - header < HeaderLength || size <= OwnerLength || (length - HeaderLength - header) % size != 0 || length == HeaderLength + header)
            {
                throw new DamagedInputException($"{name}: the EFI signature list at offset {at} says that it has {length} bytes, a header of {header} and signatures of {size}, which do not fit each other or the {rest.Length} bytes there are");
            }

            var items = new List<EfiSignature>();
            for (var entry = rest[(int)(HeaderLength + header)..(int)length]; !entry.IsEmpty; entry = entry[(int)size..])
                items.Add(new EfiSignature(Uuid.FromMixedEndian(entry), [.. entry[OwnerLength..(int)size]]));
            if (header != 0) throw new DamagedInputException($"{name}: the EFI signature list at offset {at} has a header of {header} bytes, and no kind of list that is used has one");
            lists.Add(new EfiSignatureList(Uuid.FromMixedEndian(rest), items));
            at += (int)length;
        }

        if (lists.Count == 0) throw new DamagedInputException($"{name}: there is no EFI signature list in it; it is empty");
        return lists;
    }

    private byte[] ToArray()
    {
        var result = new byte[Length];
        Type.ToMixedEndian().CopyTo(result, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(16), (uint)result.Length); // SignatureListSize
        BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(20), 0); // SignatureHeaderSize
        BinaryPrimitives.WriteUInt32LittleEndian(result.AsSpan(24), (uint)(OwnerLength + Signatures[0].Data.Length)); // SignatureSize
        var at = HeaderLength;
        foreach (var signature in Signatures)
        {
            signature.Owner.ToMixedEndian().CopyTo(result, at);
            signature.Data.CopyTo(result, at + OwnerLength);
            at += OwnerLength + signature.Data.Length;
        }

        return result;
    }
}
