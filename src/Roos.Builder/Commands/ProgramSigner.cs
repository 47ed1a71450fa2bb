using Roos.Builder.Signing;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Uki;

namespace Roos.Builder.Commands;

/// <summary>Signs EFI programs with a key in a file.</summary>
internal sealed class ProgramSigner
{
    private readonly PrivateKey _key;
    private readonly Certificate _certificate;

    private ProgramSigner(PrivateKey key, Certificate certificate)
    {
        _key = key;
        _certificate = certificate;
    }

    /// <exception cref="RoosException">Key and certificate cannot be read, do not belong together, or may not sign programs.</exception>
    public static ProgramSigner Read(KeyLoader keys, string keyPath, string certificatePath)
    {
        var certificate = KeyFiles.LoadCertificate(certificatePath);
        var key = keys.Load(keyPath);
        return KeyCheck.All(key.PublicKey, certificate, DateTimeOffset.UtcNow) is { } reason ? throw new RoosException($"{certificatePath}: {reason}") : new ProgramSigner(key, certificate);
    }

    /// <summary>The signature, PKCS#7; without a time, so that it is the same each time.</summary>
    public byte[] Sign(ByteSource program, string name)
    {
        var toBeSigned = AuthenticodeSignature.Prepare(PeDigest.Sha256(program, name), _certificate, signingTime: null);
        return toBeSigned.Complete(_key.Sign(toBeSigned.Digest.AsSpan()));
    }

    /// <summary>The signatures that the program has, and this one behind them; once where it is among them.</summary>
    public IReadOnlyList<byte[]> AllSignatures(ByteSource program, string name)
    {
        var signature = Sign(program, name);
        return [.. CertificateTable.Read(program, name).Where(other => !other.AsSpan().SequenceEqual(signature)), signature];
    }

    public ByteSource Append(ByteSource program, string name) => SignedPe.Plan(program, AllSignatures(program, name), name).Bytes;
}
