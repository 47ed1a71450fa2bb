using System.Text;
using Roos.Builder.Publishing;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing.OpenPgp;

namespace Roos.Builder.Verification;

/// <summary>SHA256SUMS beside the image, and its signature: what updates go by.</summary>
internal static class ChecksumCheck
{
    private const int MostBytes = 4 << 20, DigestLength = 64;

    /// <param name="path">Of the image.</param>
    /// <param name="image">The image.</param>
    /// <param name="trusted">Whose signature it must have; null checks none.</param>
    /// <param name="log">Takes the result.</param>
    public static void Run(string path, ByteSource image, OpenPgpKey? trusted, CheckLog log)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var list = Path.Combine(folder, OutputSet.Manifest);
        if (!File.Exists(list))
        {
            if (trusted is null) log.Absent(CheckNames.Checksum, OutputSet.Manifest, "there is none beside the image");
            else log.Broken(CheckNames.Checksum, OutputSet.Manifest, "there is none beside the image, and --openpgp-key asks for one that is signed");
            return;
        }

        log.Guard(CheckNames.ChecksumSignature, OutputSet.ManifestSignature, () => CheckSignature(list, Path.Combine(folder, OutputSet.ManifestSignature), trusted, log));
        log.Guard(CheckNames.Checksum, OutputSet.Manifest, () => CheckDigest(list, Path.GetFileName(path), image, trusted is not null, log));
    }

    private static void CheckSignature(string list, string signature, OpenPgpKey? trusted, CheckLog log)
    {
        if (!File.Exists(signature))
        {
            if (trusted is null) log.Absent(CheckNames.ChecksumSignature, OutputSet.ManifestSignature, "there is none beside the image");
            else log.Broken(CheckNames.ChecksumSignature, OutputSet.ManifestSignature, "there is none beside the image");
        }
        else if (trusted is null)
        {
            log.Unchecked(CheckNames.ChecksumSignature, OutputSet.ManifestSignature, "--openpgp-key is not given");
        }
        else if (OpenPgpSignature.Read(Small(signature), OutputSet.ManifestSignature).Verify(ByteSource.FromMemory(Small(list)), trusted) is { } reason)
        {
            log.Broken(CheckNames.ChecksumSignature, OutputSet.ManifestSignature, $"the signature is not good: {reason}");
        }
        else
        {
            log.Good(CheckNames.ChecksumSignature, OutputSet.ManifestSignature, $"signed by {trusted.UserId} (key {Convert.ToHexStringLower(trusted.Fingerprint.AsSpan())})");
        }
    }

    private static void CheckDigest(string list, string name, ByteSource image, bool isWanted, CheckLog log)
    {
        // As sha256sum writes it: the digest, a space, a space or '*', the name.
        var expected = Encoding.UTF8.GetString(Small(list)).Split('\n')
            .Where(line => line.Length > DigestLength + 2 && line[DigestLength] == ' ' && line[(DigestLength + 2)..] == name)
            .Select(line => line[..DigestLength]).ToList();
        if (expected.Count != 1)
        {
            var found = expected.Count == 0 ? $"{name} is not in it" : $"{name} is in it {expected.Count} times";
            if (isWanted) log.Broken(CheckNames.Checksum, OutputSet.Manifest, found);
            else log.Unchecked(CheckNames.Checksum, OutputSet.Manifest, found);
            return;
        }

        using var sink = new Sha256Sink();
        image.CopyTo(sink);
        var digest = Convert.ToHexStringLower(sink.GetDigest());
        if (string.Equals(digest, expected[0], StringComparison.OrdinalIgnoreCase)) log.Good(CheckNames.Checksum, OutputSet.Manifest, $"{name} has the digest {digest[..16]}… that stands there");
        else log.Broken(CheckNames.Checksum, OutputSet.Manifest, $"{name} has the digest {digest}, and {expected[0]} stands there");
    }

    private static byte[] Small(string path)
    {
        using var file = FileSource.Open(path);
        return file.Length <= MostBytes ? file.ToArray() : throw new DamagedInputException($"{path}: a list of digests and its signature have at most {MostBytes} bytes; found {file.Length}");
    }
}
