using System.Text;
using Roos.Core;
using Roos.Signing;

namespace Roos.Builder.Signing;

/// <summary>A file of a key: what <c>roos genkey</c> writes.</summary>
/// <param name="Name">Its name in the appliance's tree.</param>
/// <param name="Content">Its bytes.</param>
/// <param name="IsPrivate">True where nobody but its owner may read it.</param>
internal sealed record KeyFile(string Name, byte[] Content, bool IsPrivate)
{
    public static KeyFile Private(string name, string text) => new(name, Encoding.ASCII.GetBytes(text), IsPrivate: true);

    public static KeyFile Public(string name, string text) => new(name, Encoding.ASCII.GetBytes(text), IsPrivate: false);
}

/// <summary>Files of keys and certificates, read with the care that they ask for.</summary>
internal static class KeyFiles
{
    private const UnixFileMode Others = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>Reads a private key, asking for its pass phrase where it has one.</summary>
    /// <param name="path">A file in PEM.</param>
    /// <param name="passPhrases">Used for an encrypted key alone; null says that there is no pass phrase.</param>
    /// <param name="cancellation">Ends waiting for somebody to type.</param>
    /// <returns>The key, and what its owner should be warned of.</returns>
    /// <exception cref="RoosException">The file cannot be read, has no RSA key, or its pass phrase is not the one that was given.</exception>
    public static (PrivateKey Key, IReadOnlyList<string> Warnings) Load(string path, PassPhrases? passPhrases, CancellationToken cancellation)
    {
        var text = Encoding.Latin1.GetString(Read(path, "private key"));
        return (Unlock(text, path, passPhrases, cancellation), Warnings(path));
    }

    /// <summary>Reads a certificate, PEM or DER.</summary>
    /// <exception cref="RoosException">The file cannot be read or has no certificate with an RSA key.</exception>
    public static Certificate LoadCertificate(string path) => Certificate.Read(Read(path, "certificate"), path);

    /// <summary>Reads a file that is small.</summary>
    /// <param name="path">The file.</param>
    /// <param name="what">What must be in it.</param>
    /// <exception cref="RoosException">It is missing, cannot be read, or is too large.</exception>
    public static byte[] Read(string path, string what)
    {
        const int most = 65536;
        try
        {
            using var file = File.OpenRead(path);
            var bytes = new byte[most + 1];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return length <= most ? bytes[..length] : throw new DamagedInputException($"{path}: a file with a {what} has at most {most} bytes; this one has more");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RoosException($"{path}: there is no such {what}; make one with: roos genkey", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{path}: the {what} cannot be read: {e.Message}", e);
        }
    }

    private static PrivateKey Unlock(string text, string path, PassPhrases? passPhrases, CancellationToken cancellation)
    {
        if (passPhrases is null || !PrivateKey.IsEncrypted(text)) return PrivateKey.ReadPem(text, passPhrase: null, path);
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return PrivateKey.ReadPem(text, passPhrases.Get(path, cancellation), path);
            }
            catch (WrongPassPhraseException e) when (attempt < passPhrases.Attempts)
            {
                Console.Error.WriteLine(e.Message);
            }
        }
    }

    private static IReadOnlyList<string> Warnings(string path)
    {
        if (OperatingSystem.IsWindows()) return [];
        var mode = File.GetUnixFileMode(path);
        return (mode & Others) == 0 ? [] : [$"{path}: others on this machine may read or change the private key in it (mode {Convert.ToString((int)mode, 8).PadLeft(4, '0')}); run: chmod 600 {path}"];
    }
}
