using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Verity;

/// <summary>
/// The content of a partition with the signature of a root hash: JSON, then NULs to the partition's end. The kernel and systemd check
/// the signature before they use the root hash. Source: UAPI Discoverable Partitions Specification; the bytes are those of systemd-repart 257.
/// </summary>
public sealed class RootHashSignature
{
    private const int MostBytes = 4 << 20;

    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 4 };

    /// <param name="rootHash">32 bytes for SHA-256.</param>
    /// <param name="certificateFingerprint">SHA-256 of the signer's certificate, DER.</param>
    /// <param name="signature">PKCS #7 SignedData without content and without signed attributes, DER, over <see cref="SignedText"/>.</param>
    public RootHashSignature(byte[] rootHash, byte[] certificateFingerprint, byte[] signature) =>
        (RootHash, CertificateFingerprint, Signature) = (rootHash, certificateFingerprint, signature);

    public byte[] RootHash { get; }

    public byte[] CertificateFingerprint { get; }

    public byte[] Signature { get; }

    /// <summary>What is signed: the root hash in lower-case hex, ASCII, without a newline.</summary>
    public static byte[] SignedText(ReadOnlySpan<byte> rootHash) => Encoding.ASCII.GetBytes(Convert.ToHexStringLower(rootHash));

    /// <summary>SHA-256 of <see cref="SignedText"/>.</summary>
    public static byte[] DigestOf(ReadOnlySpan<byte> rootHash) => SHA256.HashData(SignedText(rootHash));

    /// <summary>The content of a partition.</summary>
    /// <param name="length">Of the partition, bytes.</param>
    /// <exception cref="RoosException">It does not fit.</exception>
    public IImage ToImage(long length)
    {
        // All of it is hex and base64: nothing needs an escape.
        var text = $"{{\"rootHash\":\"{Convert.ToHexStringLower(RootHash)}\",\"certificateFingerprint\":\"{Convert.ToHexStringLower(CertificateFingerprint)}\",\"signature\":\"{Convert.ToBase64String(Signature)}\"}}";
        if (text.Length > length) throw new RoosException($"the signature of a root hash has {text.Length} bytes and its partition {length}: sign with a smaller key or certificate");
        return new SourceImage(ByteSource.Concat([ByteSource.FromMemory(Encoding.ASCII.GetBytes(text)), ByteSource.Zeros(length - text.Length)]));
    }

    /// <summary>Reads the content of a partition.</summary>
    /// <exception cref="DamagedInputException">It is not such a signature.</exception>
    public static RootHashSignature Read(ByteSource partition)
    {
        if (partition.Length > MostBytes) throw Damaged($"it has at most {MostBytes} bytes; found {partition.Length}");
        var bytes = partition.ToArray();
        var end = bytes.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        try
        {
            using var document = JsonDocument.Parse(bytes.AsMemory(0, end), Strict);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object) throw Damaged("it is a JSON object");
            return new RootHashSignature(Convert.FromHexString(Text(root, "rootHash")), Convert.FromHexString(Text(root, "certificateFingerprint")), Convert.FromBase64String(Text(root, "signature")));
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or ArgumentException)
        {
            throw new DamagedInputException("root hash signature: it is JSON with rootHash, certificateFingerprint (hex) and signature (base64), then NULs; this is something else", e);
        }
    }

    private static string Text(JsonElement root, string name) => root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Damaged($"it has a text \"{name}\"; there is none");

    private static DamagedInputException Damaged(string rule) => new($"root hash signature: {rule}");
}
