using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>The keys that may log in: <c>config/authorized_keys</c> of the appliance becomes /etc/authorized_keys, readable for all as sshd wants it.</summary>
public static class AuthorizedKeys
{
    /// <exception cref="UsageException">A line is no public key: a private key must never get into an image.</exception>
    public static FileTree Apply(FileTree tree, ByteSource keys, string place)
    {
        var number = 0;
        foreach (var raw in System.Text.Encoding.UTF8.GetString(keys.ToArray()).Split('\n'))
        {
            number++;
            var line = raw.Trim();
            if (line.Length == 0 || line[0] == '#') continue;
            if (line.Contains("PRIVATE KEY", StringComparison.Ordinal))
            {
                throw new UsageException($"{place}:{number}: this is a private key; only public keys (the .pub file) belong here, and this one should be replaced");
            }

            if (!HasKeyType(line)) throw new UsageException($"{place}:{number}: a line is a public key as ssh-keygen writes it (\"ssh-ed25519 AAAA... comment\"); found \"{Shorten(line)}\"");
        }

        return tree.ToBuilder().Set("etc/authorized_keys", new RegularFile(new FileMetadata(0x1a4), keys)).Build();
    }

    /// <summary>Options may stand before the type, and may have spaces in quotes (sshd(8), AUTHORIZED_KEYS FILE FORMAT).</summary>
    private static bool HasKeyType(string line)
    {
        var words = line.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
        for (var i = 0; i + 1 < words.Length; i++)
        {
            var type = words[i];
            var known = type.StartsWith("ssh-", StringComparison.Ordinal) || type.StartsWith("ecdsa-sha2-", StringComparison.Ordinal)
                || type.StartsWith("sk-ssh-", StringComparison.Ordinal) || type.StartsWith("sk-ecdsa-", StringComparison.Ordinal);
            if (known && words[i + 1].StartsWith("AAAA", StringComparison.Ordinal)) return true;
        }

        return false;
    }

    private static string Shorten(string line) => line.Length <= 40 ? line : line[..40] + "...";
}
