using System.CommandLine;
using Roos.Builder.Signing;
using Roos.Core.Bytes;
using Roos.Uki;

namespace Roos.Builder.Commands;

/// <summary><c>roos uki addon</c>: what <c>ukify build</c> makes without a kernel.</summary>
internal static class UkiAddonCommand
{
    private const string Description =
        """
        Make an addon (*.addon.efi) for UKIs, byte for byte as ukify 257 does: more command line, device trees, an initrd or microcode, which
        systemd-stub adds to a UKI that it starts. With Secure Boot it must be signed. The options have ukify's names.

        It goes into the ESP: beside one UKI, as EFI/Linux/UKI.efi.extra.d/NAME.addon.efi, or for all of them, as loader/addons/NAME.addon.efi.

        Example:
          roos uki addon --cmdline "console=ttyS0" --secureboot-private-key mkosi.key --secureboot-certificate mkosi.crt -o serial.addon.efi
        """;

    private const string DefaultStub = "/usr/lib/systemd/boot/efi/addonx64.efi.stub", Suffix = ".addon.efi";

    public static Command Create()
    {
        var commandLine = new Option<string?>("--cmdline") { Description = "What is put behind the command line", HelpName = "TEXT|@FILE" };
        var version = new Option<string?>("--uname") { Description = "The kernel version that it is for; any if not given", HelpName = "VERSION" };
        var initrds = new Option<string[]>("--initrd") { Description = "An initrd; several are put one after another", HelpName = "FILE" };
        var microcode = new Option<string?>("--microcode") { Description = "Processor microcode, an uncompressed cpio", HelpName = "FILE" };
        var deviceTree = new Option<string?>("--devicetree") { Description = "An overlay for the device tree", HelpName = "FILE" };
        var automatic = new Option<string[]>("--devicetree-auto") { Description = "A device tree for the hardware that it fits", HelpName = "FILE" };
        var stub = new Option<string>("--stub") { Description = $"systemd's stub for addons ({DefaultStub})", HelpName = "FILE", DefaultValueFactory = _ => DefaultStub };
        var key = new Option<string?>("--secureboot-private-key") { Description = "Sign it with this key, PEM", HelpName = "FILE" };
        var certificate = new Option<string?>("--secureboot-certificate") { Description = "Its certificate, PEM or DER", HelpName = "FILE" };
        var output = new Option<string>("--output", "-o") { Description = $"Where it goes: NAME{Suffix}", HelpName = "FILE", Required = true };
        var passPhrases = new PassPhraseOptions();
        var command = new Command("addon", Description) { commandLine, version, initrds, microcode, deviceTree, automatic, stub, key, certificate, output };
        passPhrases.AddTo(command);
        command.SetAction((parsed, cancellation) =>
        {
            var target = parsed.GetRequiredValue(output);
            if (!target.EndsWith(Suffix, StringComparison.Ordinal)) throw new UsageException($"{target}: systemd-stub looks for files called NAME{Suffix}");
            if ((parsed.GetValue(key) is null) != (parsed.GetValue(certificate) is null)) throw new UsageException("--secureboot-private-key and --secureboot-certificate go together");
            using var files = new UkiBuildCommand.Files();
            var keys = new KeyLoader(passPhrases.Of(parsed), cancellation);
            var addon = UkiImage.Plan(new UkiAddonOptions
            {
                Stub = files.Open(parsed.GetRequiredValue(stub)),
                CommandLine = parsed.GetValue(commandLine) is { } text ? UkiBuildCommand.Text(text) : null,
                KernelVersion = parsed.GetValue(version),
                Initrds = [.. (parsed.GetValue(initrds) ?? []).Select(files.Open)],
                Microcode = files.TryOpen(parsed.GetValue(microcode)),
                DeviceTree = files.TryOpen(parsed.GetValue(deviceTree)),
                AutomaticDeviceTrees = [.. (parsed.GetValue(automatic) ?? []).Select(files.Open)],
            });
            var signer = parsed.GetValue(key) is { } path ? ProgramSigner.Read(keys, path, parsed.GetValue(certificate)!) : null;
            UkiCommand.Warn(parsed, keys);
            IImage image = signer is null ? addon : SignedPe.Plan(addon.Bytes, [signer.Sign(addon.Bytes, "addon")], "addon");
            UkiCommand.Replace(target, image, cancellation);
            return Task.FromResult(Program.Done);
        });
        return command;
    }
}
