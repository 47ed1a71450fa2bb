using System.CommandLine;
using System.Text;
using Roos.Builder.Signing;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Uki;

namespace Roos.Builder.Commands;

/// <summary><c>roos uki build</c>: what <c>ukify build</c> does, with its options and its bytes. (Profiles are the appliance's: <c>roos build</c>.)</summary>
internal static class UkiBuildCommand
{
    private const string Description =
        """
        Put a UKI together from its parts, byte for byte as ukify 257 does, with signed PCR policies and signed for Secure Boot if
        keys are given. The options have ukify's names.

        Examples:
          roos uki build --linux vmlinuz --initrd initrd.img --cmdline "quiet root=LABEL=root" --os-release @/etc/os-release -o linux.efi
          roos uki build --linux vmlinuz --os-release @os-release --pcr-private-key pcr.key --secureboot-private-key mkosi.key --secureboot-certificate mkosi.crt -o linux.efi
        """;

    private const string StubFolder = "/usr/lib/systemd/boot/efi/";

    private static readonly Option<string> Linux = new("--linux") { Description = "The kernel", HelpName = "FILE", Required = true };
    private static readonly Option<string[]> Initrds = Several("--initrd", "An initrd; several are put one after another", "FILE");
    private static readonly Option<string?> Microcode = One("--microcode", "Processor microcode, an uncompressed cpio", "FILE");
    private static readonly Option<string> OsRelease = new("--os-release") { Description = "os-release, which the boot menu's title is from", HelpName = "TEXT|@FILE", Required = true };
    private static readonly Option<string?> CommandLine = One("--cmdline", "The kernel's command line", "TEXT|@FILE");
    private static readonly Option<string?> KernelRelease = One("--uname", "The kernel's version; if not given it is looked for in the kernel", "VERSION");
    private static readonly Option<string?> Splash = One("--splash", "A BMP picture shown before the kernel starts", "FILE");
    private static readonly Option<string?> DeviceTree = One("--devicetree", "The device tree", "FILE");
    private static readonly Option<string[]> AutomaticDeviceTrees = Several("--devicetree-auto", "A device tree for the hardware that it fits", "FILE");
    private static readonly Option<string?> Stub = One("--stub", $"systemd's EFI stub; if not given that of this machine in {StubFolder}", "FILE");
    private static readonly Option<string?> PcrKey = One("--pcr-private-key", "Sign the predicted PCR 11 with this key, PEM", "FILE");
    private static readonly Option<string?> PcrPublicKey = One("--pcr-public-key", "Its public half, PEM; it goes into the UKI, and is made of the private one if not given", "FILE");
    private static readonly Option<string[]> PcrBanks = Several("--pcr-banks", "Banks to sign for, with commas between them; sha256 if not given (ukify: all)", "BANKS");
    private static readonly Option<string[]> Phases = Several("--phases", "Boot phases to sign for; from enter-initrd to ready if not given", "PATH");
    private static readonly Option<string?> Key = One("--secureboot-private-key", "Sign the UKI with this key, PEM", "FILE");
    private static readonly Option<string?> SigningCertificate = One("--secureboot-certificate", "Its certificate, PEM or DER", "FILE");
    private static readonly Option<bool> SignKernel = new("--sign-kernel") { Description = "Sign the kernel in the UKI too, besides the signatures that it has" };
    private static readonly Option<string> Output = new("--output", "-o") { Description = "Where the UKI goes", HelpName = "FILE", Required = true };

    public static Command Create()
    {
        var command = new Command("build", Description) { Linux, Initrds, Microcode, OsRelease, CommandLine, KernelRelease, Splash, DeviceTree, AutomaticDeviceTrees, Stub, PcrKey, PcrPublicKey, PcrBanks, Phases, Key, SigningCertificate, SignKernel, Output };
        var passPhrases = new PassPhraseOptions();
        passPhrases.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            using var files = new Files();
            var keys = new KeyLoader(passPhrases.Of(parsed), cancellation);
            var signer = ReadSigner(parsed, keys);
            var options = SignPolicies(parsed, keys, Options(parsed, files, signer));
            UkiCommand.Warn(parsed, keys);
            var uki = UkiImage.Plan(options);
            IImage image = signer is null ? uki : SignedPe.Plan(uki.Bytes, [signer.Sign(uki.Bytes, "UKI")], "UKI");
            UkiCommand.Replace(parsed.GetRequiredValue(Output), image, cancellation);
            return Task.FromResult(Program.Done);
        });
        return command;
    }

    private static ProgramSigner? ReadSigner(ParseResult parsed, KeyLoader keys)
    {
        var (key, certificate) = (parsed.GetValue(Key), parsed.GetValue(SigningCertificate));
        if ((key is null) != (certificate is null)) throw new UsageException("--secureboot-private-key and --secureboot-certificate go together");
        if (key is null && parsed.GetValue(SignKernel)) throw new UsageException("--sign-kernel needs --secureboot-private-key and --secureboot-certificate");
        return key is null ? null : ProgramSigner.Read(keys, key, certificate!);
    }

    private static UkiOptions Options(ParseResult parsed, Files files, ProgramSigner? signer)
    {
        var linux = files.Open(parsed.GetRequiredValue(Linux));
        var kernel = parsed.GetValue(SignKernel) ? signer!.Append(linux, "kernel") : linux;
        return new UkiOptions
        {
            Stub = files.Open(parsed.GetValue(Stub) ?? DefaultStub(linux)),
            Linux = kernel,
            Initrds = [.. (parsed.GetValue(Initrds) ?? []).Select(files.Open)],
            Microcode = files.TryOpen(parsed.GetValue(Microcode)),
            OsRelease = Text(parsed.GetRequiredValue(OsRelease)),
            CommandLine = Text(parsed.GetValue(CommandLine) ?? ""),
            KernelVersion = parsed.GetValue(KernelRelease) ?? KernelVersion.Find(linux),
            Splash = files.TryOpen(parsed.GetValue(Splash)),
            DeviceTree = files.TryOpen(parsed.GetValue(DeviceTree)),
            AutomaticDeviceTrees = [.. (parsed.GetValue(AutomaticDeviceTrees) ?? []).Select(files.Open)],
            PcrPublicKey = files.TryOpen(parsed.GetValue(PcrPublicKey)),
        };
    }

    private static UkiOptions SignPolicies(ParseResult parsed, KeyLoader keys, UkiOptions options)
    {
        if (parsed.GetValue(PcrKey) is not { } path) return options;
        var key = keys.Load(path);
        var publicKey = options.PcrPublicKey is { } given ? RsaPublicKey.ReadPem(Encoding.Latin1.GetString(given.ToArray()), parsed.GetValue(PcrPublicKey)!) : key.PublicKey;
        if (!publicKey.Equals(key.PublicKey)) throw new RoosException($"{parsed.GetValue(PcrPublicKey)}: is not the public half of {path}");
        options = options with { PcrPublicKey = options.PcrPublicKey ?? ByteSource.FromMemory(Encoding.ASCII.GetBytes(publicKey.ToPem())) };
        var banks = (parsed.GetValue(PcrBanks) ?? []).SelectMany(names => names.Split(',')).Select(MeasureCommand.ParseBank).ToList();
        var phases = parsed.GetValue(Phases) is { Length: > 0 } paths ? paths : null;
        var policies = PcrPrediction.Of(options, banks.Count > 0 ? banks : [PcrBank.Sha256], phases).Select(value => new PcrPolicy(value));
        return options.WithPcrSignatures([.. policies.Select(policy => new PcrSignature(policy, publicKey, key.Sign(policy.ToBeSigned.Digest.AsSpan())))]);
    }

    private static string DefaultStub(ByteSource kernel) => StubFolder + (PeImage.Read(kernel, "kernel").Machine == PeMachine.Arm64 ? "linuxaa64.efi.stub" : "linuxx64.efi.stub");

    /// <summary>ukify's <c>TEXT|@PATH</c>.</summary>
    internal static string Text(string value)
    {
        if (!value.StartsWith('@')) return value;
        using var file = FileSource.Open(value[1..]);
        if (file.Length > 1 << 20) throw new RoosException($"{file.Path}: {file.Length} bytes are too many for a text");
        return new ByteString(file.ToArray()).TryGetText(out var text) ? text : throw new RoosException($"{file.Path}: is not UTF-8");
    }

    private static Option<string?> One(string name, string description, string value) => new(name) { Description = description, HelpName = value };

    private static Option<string[]> Several(string name, string description, string value) => new(name) { Description = description, HelpName = value };

    /// <summary>Files that are open as long as the image is written.</summary>
    internal sealed class Files : IDisposable
    {
        private readonly List<FileSource> _open = [];

        public FileSource Open(string path)
        {
            var source = FileSource.Open(path);
            _open.Add(source);
            return source;
        }

        public FileSource? TryOpen(string? path) => path is null ? null : Open(path);

        public void Dispose()
        {
            foreach (var source in _open) source.Dispose();
        }
    }
}
