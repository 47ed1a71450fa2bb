using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Signing;

/// <summary>Public keys that the image itself trusts.</summary>
internal static class TrustedKeys
{
    /// <summary>
    /// Adds the certificate that signed root hashes (of extensions, say) are checked with, where the kernel's keyring does not have it
    /// (<c>/usr/lib/verity.d</c>), and the keyring that signed SHA256SUMS are (systemd-pull; the one in /etc goes before Debian's).
    /// </summary>
    public static FileTree AddTo(FileTree root, SigningPlan plan, string name, Timestamp time)
    {
        if (plan.Verity is null && plan.OpenPgp is null) return root;
        var result = root.ToBuilder();
        if (plan.Verity is { } certificate) Add("usr/lib/verity.d", name + ".crt", System.Text.Encoding.ASCII.GetBytes(certificate.ToPem()));
        if (plan.OpenPgp is { } key) Add("etc/systemd", "import-pubring.gpg", key.ToKeyring());
        return result.Build();

        void Add(string folder, string file, byte[] content)
        {
            if (!result.IsDirectory(folder)) result.SetDirectory(folder, new FileMetadata(0x1ed) { ModificationTime = time });
            result.Set($"{folder}/{file}", new RegularFile(new FileMetadata(0x1a4) { ModificationTime = time }, ByteSource.FromMemory(content)));
        }
    }
}
