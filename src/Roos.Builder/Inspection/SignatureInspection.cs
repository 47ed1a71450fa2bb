using System.Globalization;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Signing;
using Roos.Signing.Efi;
using Roos.Uki;
using Roos.Verity;

namespace Roos.Builder.Inspection;

/// <summary>
/// Who signed what. Inspection trusts nobody: "good" means that a signature is over what it is with and was made by the key of the
/// certificate that it names; whose that is, is for <c>roos verify</c> to say.
/// </summary>
internal static class SignatureInspection
{
    private const int MostBytes = 4 << 20, AuthSignatureOffset = 16;

    private static readonly (Uuid Type, string Name)[] ListTypes = [(EfiSignatureList.X509, "X.509"), (EfiSignatureList.Sha256, "SHA-256")];

    /// <summary>The signatures of an EFI program.</summary>
    public static IReadOnlyList<FindingPart> OfProgram(ByteSource program)
    {
        try
        {
            var signatures = CertificateTable.Read(program);
            if (signatures.Count == 0) return [];
            var digest = PeDigest.Sha256(program);
            return [.. signatures.Select((der, index) => new FindingPart(string.Create(CultureInfo.InvariantCulture, $"signature {index}"), OfProgram(der, digest), null))];
        }
        catch (DamagedInputException e)
        {
            return [new FindingPart("signatures", [("signature", $"not good: {e.Message}")], null)];
        }
    }

    public static Finding RootHash(ByteSource source)
    {
        var found = RootHashSignature.Read(source);
        var fields = new List<(string Name, string Value)>
        {
            ("root hash", Convert.ToHexStringLower(found.RootHash)),
            ("certificate", Convert.ToHexStringLower(found.CertificateFingerprint)),
        };
        AddSigner(fields, DetachedCms.Signer(found.Signature), signer => DetachedCms.Verify(found.Signature, RootHashSignature.DigestOf(found.RootHash), signer));
        return new Finding("verity-signature", "root hash signature", source.Length, fields);
    }

    /// <summary>True where the bytes begin like a list of a kind that firmware knows.</summary>
    public static bool IsSignatureList(ByteSource source) => source.Length is >= 28 and <= MostBytes && ListTypes.Any(type => type.Type == Uuid.FromMixedEndian(Head(source, 0, 16)));

    public static Finding SignatureLists(ByteSource source) => new("efi-signature-list", "EFI signature lists", source.Length, [], Lists(source.ToArray()), []);

    /// <summary>True where a PKCS #7 signature of UEFI comes after a time.</summary>
    public static bool IsAuthenticatedVariable(ByteSource source) =>
        source.Length is >= AuthSignatureOffset + 24 and <= MostBytes && Head(source, AuthSignatureOffset + 4, 20) is [0x00, 0x02, 0xf1, 0x0e, ..] head && Uuid.FromMixedEndian(head.AsSpan(4)) == AuthenticatedVariable.Pkcs7;

    public static Finding Variable(ByteSource source)
    {
        var variable = AuthenticatedVariable.Read(source.ToArray());
        var fields = new List<(string Name, string Value)> { ("time", Time(variable.Time)) };

        // The file does not say which variable it is for, but the signature covers that.
        var signer = DetachedCms.Signer(variable.Signature);
        var target = signer is null ? null : EfiVariable.All.FirstOrDefault(candidate => variable.Verify(candidate, signer) is null);
        if (target is not null) fields.Add(("variable", target.Name));
        AddSigner(fields, signer, _ => target is null ? "it is not for PK, KEK, db or dbx, or was not made by that key" : null);
        return new Finding("efi-authenticated-variable", "authenticated variable", source.Length, fields, Lists(variable.Content), []);
    }

    /// <summary>Adds who signed, and whether the signature is good.</summary>
    private static void AddSigner(List<(string Name, string Value)> fields, Certificate? signer, Func<Certificate, string?> check)
    {
        if (signer is null)
        {
            fields.Add(("signer", "its certificate is not in the signature"));
            return;
        }

        fields.Add(("signer", signer.Subject));
        fields.Add(("signer's certificate", Convert.ToHexStringLower(signer.Fingerprint)));
        fields.Add(("signature", check(signer) is { } reason ? $"not good: {reason}" : "good"));
    }

    private static List<(string Name, string Value)> OfProgram(byte[] der, byte[] digest)
    {
        try
        {
            var signature = AuthenticodeSignature.Read(der);
            var fields = new List<(string Name, string Value)>();
            AddSigner(fields, signature.Signer, signer => signature.Verify(digest, signer));
            fields.Add(("digest", $"{signature.DigestAlgorithm.Name} {Convert.ToHexStringLower(signature.PeDigest)}"));
            fields.Add(("signing time", signature.SigningTime is { } time ? Time(time) : "none"));
            return fields;
        }
        catch (DamagedInputException e)
        {
            return [("signature", $"not good: {e.Message}")]; // that of another signer may be
        }
    }

    private static FindingPart[] Lists(byte[] bytes) => [.. EfiSignatureList.Read(bytes).SelectMany((list, index) => list.Signatures.Select(signature => Entry(list, index, signature)))];

    private static FindingPart Entry(EfiSignatureList list, int index, EfiSignature signature)
    {
        var type = ListTypes.FirstOrDefault(known => known.Type == list.Type).Name ?? list.Type.ToString();
        var fields = new List<(string Name, string Value)> { ("type", type), ("owner", signature.Owner.ToString()) };
        if (list.Type != EfiSignatureList.X509) fields.Add(("data", Convert.ToHexStringLower(signature.Data.AsSpan())));
        else if (TryRead(signature.Data.AsSpan()) is { } certificate) fields.AddRange(KeyInspection.Fields(certificate));
        else fields.Add(("certificate", "none that roos reads (its key is not RSA, or it is damaged)"));
        return new FindingPart(string.Create(CultureInfo.InvariantCulture, $"list {index + 1}"), fields, null);
    }

    private static Certificate? TryRead(ReadOnlySpan<byte> der)
    {
        try
        {
            return Certificate.Read(der);
        }
        catch (DamagedInputException)
        {
            return null;
        }
    }

    internal static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static byte[] Head(ByteSource source, long offset, int length)
    {
        var head = new byte[length];
        source.Read(offset, head);
        return head;
    }
}
