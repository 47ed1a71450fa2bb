using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Roos.Builder.Inspection;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Uki;

namespace Roos.Builder.Commands;

/// <summary><c>roos measure FILE</c>: what PCR 11 will contain when a UKI is started, as <c>systemd-measure calculate</c> says it of its parts.</summary>
internal static class MeasureCommand
{
    private const string Description =
        """
        Show what a UKI will make of PCR 11, for every profile, boot phase and bank. Each is one line, as systemd-measure prints it.

        Examples:
          roos measure mkosi.output/roos_0.1.efi
          roos measure roos_0.1.efi --bank sha256 --profile factory-reset --phase enter-initrd
          roos measure roos_0.1.efi --json
        """;

    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The UKI, signed or not" };
        var bank = new Option<string[]>("--bank") { Description = "A bank of the TPM: sha1, sha256, sha384 or sha512; all of them if not given", HelpName = "BANK" };
        var profile = new Option<string[]>("--profile") { Description = "Only this profile, by its ID or its number; 0 is the base", HelpName = "ID" };
        var phase = new Option<string[]>("--phase") { Description = "How far the boot has come, words with ':' between them; if not given, from enter-initrd to ready", HelpName = "PATH" };
        var json = new Option<bool>("--json") { Description = "Print JSON; per profile and bank it is that of systemd-measure, with the digests of the policies and whether the UKI has them signed" };
        var command = new Command("measure", Description) { file, bank, profile, phase, json };
        command.SetAction(parsed =>
        {
            var banks = parsed.GetValue(bank) is { Length: > 0 } names ? names.Select(ParseBank).ToList() : null;
            var phases = parsed.GetValue(phase) is { Length: > 0 } paths ? paths : null;
            using var source = FileSource.Open(parsed.GetRequiredValue(file));
            var uki = Select(Read(source), parsed.GetValue(profile) ?? []);
            var values = PcrPrediction.Of(uki, banks, phases);
            Console.Out.Write(parsed.GetValue(json) ? Json(uki, values) : Text(values));
            return Program.Done;
        });
        return command;
    }

    internal static PcrBank ParseBank(string name) =>
        PcrBanks.Find(name) ?? throw new UsageException($"the banks of a TPM are {string.Join(", ", PcrBanks.All.Select(bank => bank.Name()))}; found \"{name}\"");

    private static UkiContent Read(FileSource source)
    {
        try
        {
            return UkiReader.Read(source);
        }
        catch (DamagedInputException e)
        {
            throw new DamagedInputException($"{source.Path}: {e.Message}", e);
        }
    }

    private static UkiContent Select(UkiContent uki, string[] wanted)
    {
        if (wanted.Length == 0) return uki;
        return uki with { Profiles = [.. wanted.Select(Find).Distinct().OrderBy(profile => profile.Index)] };

        UkiProfileContent Find(string name) =>
            uki.Profiles.FirstOrDefault(profile => profile.Id == name || profile.Index.ToString(CultureInfo.InvariantCulture) == name)
                ?? throw new RoosException($"the UKI has no profile {name}; it has {string.Join(", ", uki.Profiles.Select(Name))}");
    }

    private static string Name(UkiProfileContent profile) => profile.Id is null ? "0" : string.Create(CultureInfo.InvariantCulture, $"{profile.Index} ({FindingFormat.Clean(profile.Id)})");

    private static string Text(IReadOnlyList<PcrValue> values)
    {
        var text = new StringBuilder();
        var heading = "";
        foreach (var value in values.OrderBy(value => value.Profile).ThenBy(value => value.DeviceTree ?? 0).ThenBy(value => value.Phase, StringComparer.Ordinal))
        {
            var phase = value.Phase.Length == 0 ? ":" : value.Phase;
            var next = string.Create(CultureInfo.InvariantCulture, $"# PCR[{PcrPrediction.Register}] Profile {value.Profile}{(value.ProfileId is { } id ? $" ({FindingFormat.Clean(id)})" : "")}{(value.DeviceTree is { } tree ? $" Device tree {tree}" : "")} Phase <{FindingFormat.Clean(phase)}>\n");
            if (next != heading) text.Append(heading = next);
            text.Append(CultureInfo.InvariantCulture, $"{PcrPrediction.Register}:{value.Bank.Name()}={Hex(value)}\n");
        }

        return text.ToString();
    }

    private static string Json(UkiContent uki, IReadOnlyList<PcrValue> values)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" }))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("profiles");
            foreach (var group in values.GroupBy(value => (value.Profile, value.DeviceTree)))
            {
                var profile = uki.Profiles.First(profile => profile.Index == group.Key.Profile);
                writer.WriteStartObject();
                writer.WriteNumber("index", group.Key.Profile);
                if (group.First().ProfileId is { } id) writer.WriteString("id", id);
                if (profile.Title is { } title) writer.WriteString("title", title);
                if (group.Key.DeviceTree is { } tree) writer.WriteNumber("deviceTree", tree);
                writer.WriteStartObject("predictions");
                var signed = SignedPolicy.Of(profile);
                var key = profile.Text(UkiSections.PcrPublicKey) is { } pem ? RsaPublicKey.ReadPem(pem, UkiSections.PcrPublicKey) : null;
                foreach (var bank in group.GroupBy(value => value.Bank)) WriteBank(writer, bank, policy => key is not null && signed.Any(entry => entry.Covers(policy, key)));
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray()) + "\n";
    }

    private static void WriteBank(Utf8JsonWriter writer, IGrouping<PcrBank, PcrValue> bank, Func<PcrPolicy, bool> isSigned)
    {
        writer.WriteStartArray(bank.Key.Name());
        foreach (var value in bank)
        {
            writer.WriteStartObject();
            if (value.Phase.Length > 0) writer.WriteString("phase", value.Phase);
            writer.WriteNumber("pcr", PcrPrediction.Register);
            writer.WriteString("hash", Hex(value));
            var policy = new PcrPolicy(value);
            writer.WriteString("policy", Convert.ToHexStringLower(policy.Digest.AsSpan()));
            writer.WriteBoolean("signed", isSigned(policy));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static string Hex(PcrValue value) => Convert.ToHexStringLower(value.Value.AsSpan());
}
