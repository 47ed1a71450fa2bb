using Roos.Builder.Publishing;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Builder.Verification;

/// <summary>SHA256SUMS beside the image: it has the image's digest.</summary>
internal static class ChecksumCheck
{
    private const int MostBytes = 4 << 20, DigestLength = 64;

    /// <param name="path">Of the image.</param>
    /// <param name="image">The image.</param>
    /// <param name="log">Takes the result.</param>
    public static void Run(string path, ByteSource image, CheckLog log)
    {
        var list = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, OutputSet.Manifest);
        if (!File.Exists(list))
        {
            log.Absent(CheckNames.Checksum, OutputSet.Manifest, "there is none beside the image");
            return;
        }

        log.Guard(CheckNames.Checksum, OutputSet.Manifest, () => Check(list, Path.GetFileName(path), image, log));
    }

    private static void Check(string list, string name, ByteSource image, CheckLog log)
    {
        using var file = FileSource.Open(list);
        if (file.Length > MostBytes) throw new DamagedInputException($"a list of digests has at most {MostBytes} bytes; found {file.Length}");
        var expected = System.Text.Encoding.UTF8.GetString(file.ToArray()).Split('\n')
            .Where(line => line.Length > DigestLength + 2 && line[DigestLength] == ' ' && line[(DigestLength + 2)..] == name)
            .Select(line => line[..DigestLength]).ToList();
        if (expected.Count != 1)
        {
            log.Unchecked(CheckNames.Checksum, OutputSet.Manifest, expected.Count == 0 ? $"{name} is not in it" : $"{name} is in it {expected.Count} times");
            return;
        }

        using var sink = new Sha256Sink();
        image.CopyTo(sink);
        var found = Convert.ToHexStringLower(sink.GetDigest());
        if (string.Equals(found, expected[0], StringComparison.OrdinalIgnoreCase)) log.Good(CheckNames.Checksum, OutputSet.Manifest, $"{name} has the digest {found[..16]}… that stands there");
        else log.Broken(CheckNames.Checksum, OutputSet.Manifest, $"{name} has the digest {found}, and {expected[0]} stands there");
    }
}
