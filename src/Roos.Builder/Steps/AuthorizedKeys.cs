using System.Buffers.Binary;
using System.Globalization;
using System.Numerics;
using System.Text;
using Roos.Builder.Configuration;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Steps;

/// <summary>
/// The keys that may log in: <c>config/authorized_keys</c> of the appliance becomes /etc/authorized_keys, readable for all as sshd wants it. sshd leaves out a
/// line that it does not understand, and says so only where nobody can get to any more: each is checked here (sshd(8), AUTHORIZED_KEYS FILE FORMAT).
/// </summary>
public static class AuthorizedKeys
{
    // RequiredRSASize of sshd_config(5), by default.
    private const int SmallestRsa = 1024;

    private static readonly string[] Types =
    [
        "ssh-ed25519", "ssh-rsa", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521", "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
    ];

    private static readonly string[] Switches =
    [
        "agent-forwarding", "cert-authority", "no-agent-forwarding", "no-port-forwarding", "no-pty", "no-touch-required", "no-user-rc", "no-X11-forwarding",
        "port-forwarding", "pty", "restrict", "touch-required", "user-rc", "verify-required", "X11-forwarding",
    ];

    private static readonly string[] Assignments = ["command", "environment", "expiry-time", "from", "permitlisten", "permitopen", "principals", "tunnel"];

    /// <summary>Checks every line.</summary>
    /// <param name="text">The file.</param>
    /// <param name="place">Its name as the user would type it.</param>
    /// <exception cref="UsageException">A line is no public key that sshd takes; a private key must never get into an image.</exception>
    public static void Check(string text, string place)
    {
        var number = 0;
        var keys = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var start = line.AsSpan().IndexOfAnyExcept(" \t\r\ufeff");
            if (start < 0 || line[start] == '#') continue;
            new Line(place, number, line.TrimEnd('\r')).Check(start);
            keys++;
        }

        if (keys == 0) throw new UsageException($"{place}: there is no key in it, so nobody could log in; put the public keys of the maintainers there, or remove the file");
    }

    /// <summary>Puts the file into the tree.</summary>
    public static FileTree Apply(FileTree tree, ByteSource keys) => tree.ToBuilder().Set("etc/authorized_keys", new RegularFile(new FileMetadata(0x1a4), keys)).Build();

    /// <summary>One line: options, type, key, comment.</summary>
    private readonly struct Line(string place, int number, string text)
    {
        private const string Advice = "a line is a public key as ssh-keygen writes it into the .pub file: \"ssh-ed25519 AAAA... comment\", with options before it where you want them";

        public void Check(int start)
        {
            // Base64 of what private keys begin with, in case the line that says so is gone.
            if (text.Contains("PRIVATE KEY", StringComparison.Ordinal) || text.Contains("PuTTY-User-Key-File", StringComparison.Ordinal)
                || text.AsSpan(start).StartsWith("b3BlbnNzaC1rZXktdjE") || text.AsSpan(start).StartsWith("MII"))
                throw new UsageException($"{place}:{number}:{start + 1}: this is a private key; only public keys (the .pub file) belong here, and this one should be replaced, as it has been copied around");

            if (text.AsSpan(start).StartsWith("---- BEGIN SSH2 PUBLIC KEY")) throw Error(start, "this is a public key in the form of other programs; ssh-keygen -i -f FILE makes the line of it that belongs here");

            // Never quoted: it may be a piece of a private key.
            if (text.Length - start >= 40 && text[start..].TrimEnd().All(c => char.IsAsciiLetterOrDigit(c) || c is '+' or '/' or '='))
                throw new UsageException($"{place}:{number}:{start + 1}: this is a piece of a key and no line of its own; {Advice}");

            var (type, at) = Word(start);
            if (!LooksLikeType(type))
            {
                var end = EndOfOptions(start);
                CheckOptions(start, end);
                (type, at) = Word(Skip(end));
            }

            if (type == "ssh-dss") throw Error(at, "sshd takes no DSA keys any more; make another with ssh-keygen -t ed25519");
            if (!Types.Contains(type)) throw Error(at, $"\"{Shorten(type)}\" is no type of key that sshd takes{NearestName.Suggest(type, Types)}; {Advice}");
            CheckKey(type, at);
        }

        private void CheckKey(string type, int typeAt)
        {
            var (word, at) = Word(Skip(typeAt + type.Length));
            if (word.Length == 0) throw Error(typeAt, $"the key after \"{type}\" is missing; {Advice}");
            byte[] key;
            try
            {
                key = Convert.FromBase64String(word);
            }
            catch (FormatException)
            {
                throw Error(at, "the key is no base64: copy the whole line again, on one line");
            }

            // RFC 4253, 6.6: a string with the type comes first, and other fields, each with its length, fill the rest.
            var fields = new List<byte[]>();
            for (var rest = key.AsSpan(); rest.Length > 0;)
            {
                if (rest.Length < 4 || BinaryPrimitives.ReadUInt32BigEndian(rest) is var length && length > rest.Length - 4) throw Error(at, "the key is cut off: copy the whole line again, on one line");
                fields.Add(rest.Slice(4, (int)length).ToArray());
                if (fields.Count == 1 && Encoding.ASCII.GetString(fields[0]) is var inner && inner != type) throw Error(typeAt, $"the key is of type \"{Shorten(inner)}\", and the line says \"{type}\"; copy the whole line again");
                rest = rest[(4 + (int)length)..];
            }

            if (!IsKey(type, fields)) throw Error(at, $"this is no whole key of type \"{type}\": copy the whole line again, on one line");
            if (type == "ssh-rsa" && BitsOf(fields[2]) is var bits && bits < SmallestRsa) throw Error(at, string.Create(CultureInfo.InvariantCulture, $"sshd takes RSA keys of {SmallestRsa} bits or more, and this one has {bits}; make another with ssh-keygen -t ed25519"));
        }

        /// <summary>The fields after the type: RFC 4253 6.6 (RSA), RFC 5656 3.1 (ECDSA), RFC 8709 4 (Ed25519), OpenSSH's PROTOCOL.u2f (sk-).</summary>
        private static bool IsKey(string type, List<byte[]> fields) => type switch
        {
            "ssh-rsa" => fields.Count == 3 && BitsOf(fields[1]) > 1 && BitsOf(fields[2]) > 0,
            "ssh-ed25519" => fields.Count == 2 && fields[1].Length == 32,
            "sk-ssh-ed25519@openssh.com" => fields.Count == 3 && fields[1].Length == 32 && fields[2].Length > 0,
            "ecdsa-sha2-nistp256" => fields.Count == 3 && IsPoint(fields, "nistp256"u8, 32),
            "ecdsa-sha2-nistp384" => fields.Count == 3 && IsPoint(fields, "nistp384"u8, 48),
            "ecdsa-sha2-nistp521" => fields.Count == 3 && IsPoint(fields, "nistp521"u8, 66),
            _ => fields.Count == 4 && IsPoint(fields, "nistp256"u8, 32) && fields[3].Length > 0,
        };

        /// <summary>The curve's name and an uncompressed point on it.</summary>
        private static bool IsPoint(List<byte[]> fields, ReadOnlySpan<byte> curve, int size) => fields[1].AsSpan().SequenceEqual(curve) && fields[2].Length == 1 + (2 * size) && fields[2][0] == 4;

        /// <summary>Of a number as ssh writes it: big-endian, negative with the first bit set, which no key has.</summary>
        private static int BitsOf(byte[] number) => number is [>= 0x80, ..] ? 0 : (int)new BigInteger(number, isUnsigned: true, isBigEndian: true).GetBitLength();

        private void CheckOptions(int start, int end)
        {
            var at = start;
            while (at < end)
            {
                var next = at;
                var quoted = false;
                while (next < end && (quoted || text[next] != ','))
                {
                    if (text[next] == '\\' && next + 1 < end && text[next + 1] == '"') next++;
                    else if (text[next] == '"') quoted = !quoted;
                    next++;
                }

                CheckOption(at, text[at..next]);
                at = next + 1;
            }
        }

        private void CheckOption(int at, string option)
        {
            var equals = option.IndexOf('=', StringComparison.Ordinal);
            var name = equals < 0 ? option : option[..equals];
            if (equals < 0)
            {
                if (Switches.Contains(name, StringComparer.OrdinalIgnoreCase)) return;
                if (Assignments.Contains(name, StringComparer.OrdinalIgnoreCase)) throw Error(at, $"the option {name} takes a value: {name}=\"...\"");
            }
            else if (Assignments.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                if (option.Length < equals + 3 || option[equals + 1] != '"' || option[^1] != '"') throw Error(at + equals + 1, $"the value of {name} is put in quotes: {name}=\"...\"");
                return;
            }

            throw Error(at, $"\"{Shorten(name)}\" is neither a type of key nor an option that sshd knows{NearestName.Suggest(name, [.. Types, .. Switches, .. Assignments])}; {Advice}");
        }

        /// <summary>The first white space outside of quotes.</summary>
        private int EndOfOptions(int start)
        {
            var quoted = false;
            for (var i = start; i < text.Length; i++)
            {
                if (text[i] == '\\' && i + 1 < text.Length && text[i + 1] == '"') i++;
                else if (text[i] == '"') quoted = !quoted;
                else if (!quoted && text[i] is (' ' or '\t')) return i;
            }

            if (quoted) throw Error(start, "a quotation mark is missing");
            return text.Length;
        }

        private int Skip(int at)
        {
            while (at < text.Length && text[at] is (' ' or '\t')) at++;
            return at;
        }

        private (string Word, int At) Word(int at)
        {
            var end = at;
            while (end < text.Length && text[end] is not (' ' or '\t')) end++;
            return (text[at..end], at);
        }

        private static bool LooksLikeType(string word) =>
            word.StartsWith("ssh-", StringComparison.Ordinal) || word.StartsWith("ecdsa-", StringComparison.Ordinal) || word.StartsWith("sk-", StringComparison.Ordinal);

        private static string Shorten(string word) => word.Length <= 40 ? word : word[..40] + "...";

        /// <summary>Keys are long: what comes after the place is left out of the quoted line.</summary>
        private ConfigurationException Error(int at, string problem) =>
            new SourceLocation(place, number, at + 1, text.Length <= at + 60 ? text : text[..(at + 60)] + "...").Error(problem);
    }
}
