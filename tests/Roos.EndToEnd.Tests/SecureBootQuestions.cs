namespace Roos.EndToEnd.Tests;

/// <summary>What a machine with Secure Boot is asked: some of the questions of every <see cref="BootRecord"/>, and its own.</summary>
internal static class SecureBootQuestions
{
    /// <summary>
    /// The root hash, the signature of the appliance's root hash partition and the devices of the root, for a second mapping of them: systemd's generator for the
    /// root does not look at the signature, so that it is the kernel that is asked what it thinks of it. veritysetup wants devices that nobody uses: loop devices.
    /// </summary>
    private const string Signature = """
        sudo -n sh -c '
        partition=$(blkid --match-token PARTLABEL=$(. /etc/os-release; echo ${IMAGE_ID}_${IMAGE_VERSION})_sig --output device)
        tr -d "\000" <$partition | sed "s/.*\"signature\":\"\([^\"]*\)\".*/\1/" | base64 -d >/run/signature
        cp /run/signature /run/wrong-signature
        printf "\252\252" | dd of=/run/wrong-signature bs=1 conv=notrunc seek=$(($(stat --format=%s /run/signature) - 2)) status=none
        device() { losetup --find --show --read-only $(value "$1"); }
        value() { veritysetup status root | sed -n "s/^ *$1: *//p"; }
        veritysetup open $(device "data device") probe $(device "hash device") $(value "root hash") --root-hash-signature=/run/FILE && veritysetup status probe && veritysetup close probe'
        """;

    /// <summary>Of a machine that comes up for the first time.</summary>
    public static IReadOnlyDictionary<string, string> OfFirstBoot { get; } = new Dictionary<string, string>(Known("state", "failed units", "verity", "luks", "cmdline", "marker", "host key"))
    {
        ["bootctl"] = "sudo -n bootctl status",
        ["keyrings"] = "sudo -n cat /proc/keys",
        ["kernel log"] = "sudo -n dmesg --notime",
        ["signed measurements"] = "ls /run/systemd/tpm2-pcr-public-key.pem /run/systemd/tpm2-pcr-signature.json",
        ["certificates of verity"] = "cat /usr/lib/verity.d/*.crt",
        ["root hash signature"] = Signature.Replace("FILE", "signature", StringComparison.Ordinal),
        ["wrong root hash signature"] = Signature.Replace("FILE", "wrong-signature", StringComparison.Ordinal),
    };

    /// <summary>Of a machine that comes up again.</summary>
    public static IReadOnlyDictionary<string, string> OfLaterBoot { get; } = new Dictionary<string, string>(Known("state", "failed units", "cmdline", "marker", "host key"))
    {
        ["bootctl"] = OfFirstBoot["bootctl"],
    };

    private static IEnumerable<KeyValuePair<string, string>> Known(params IEnumerable<string> names) => names.Select(name => KeyValuePair.Create(name, BootRecord.Questions[name]));
}
