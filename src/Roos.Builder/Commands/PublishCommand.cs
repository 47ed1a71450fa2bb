using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Roos.Builder.Configuration;
using Roos.Builder.Publishing;
using Roos.Builder.Signing;
using Roos.Core.Bytes;
using Roos.Signing;
using Roos.Signing.OpenPgp;

namespace Roos.Builder.Commands;

/// <summary><c>roos publish</c>: puts a built version where machines get their updates from.</summary>
internal static class PublishCommand
{
    private const string Text = """
        Copy the update artifacts of the last build into DIR: a web server's folder, a mounted bucket, or any other place whose
        address is UPDATE_URL=. SHA256SUMS there lists all versions that are kept, and is signed again where Sign=yes.

        Machines can ask at any moment: artifacts are copied under temporary names and renamed when they are complete, and
        SHA256SUMS follows last. Ended anywhere, it goes on when it is run again. Files in DIR that SHA256SUMS does not list stay
        as they are, and are not listed.

        Examples:
          roos publish /srv/www/roos
          roos publish --keep 3 /srv/www/roos       # the three newest versions stay, older ones are removed
          roos publish --dry-run --json /srv/www/roos
          roos publish --disk --create /mnt/bucket  # also the disk image, for new machines
        """;

    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "The folder that is served" };
        var keep = new Option<int?>("--keep") { HelpName = "N", Description = "Keep the N newest versions and remove older ones (default: all stay)" };
        var downgrade = new Option<bool>("--allow-downgrade") { Description = "Publish a version that is older than one that is there: no machine takes it by itself" };
        var disk = new Option<bool>("--disk") { Description = "Publish disk images, too" };
        var create = new Option<bool>("--create") { Description = "Make DIR if it is not there" };
        var trial = new Option<bool>("--dry-run") { Description = "Say what would be done, and do nothing" };
        var json = new Option<bool>("--json") { Description = "Say what was done in JSON" };
        var passPhrases = new PassPhraseOptions();
        var command = new Command("publish", Text) { directory, keep, downgrade, disk, create, trial, json };
        passPhrases.AddTo(command);
        ConfigurationOptions.AddTo(command);
        command.SetAction(async (parsed, cancellation) =>
        {
            if (parsed.GetValue(keep) is < 1 and var none) throw new UsageException($"--keep takes a number of versions from 1; found {none}");
            var appliance = ApplianceConfiguration.Load(Directory.GetCurrentDirectory(), CommandLineOverrides.From(parsed));
            var disks = appliance.Images.Where(image => image.Format.Value == "disk").ToList();
            if (disks.Count == 0) throw new UsageException("this tree has no disk image (Format=disk), so there is nothing to publish");
            var signing = SigningSettings.ReadOpenPgp(appliance, disks[^1], new KeyLoader(passPhrases.Of(parsed), cancellation), DateTimeOffset.UtcNow);
            var key = signing.Plan.OpenPgp;
            var target = Path.GetFullPath(parsed.GetRequiredValue(directory));
            var options = new PublicationOptions { Keep = parsed.GetValue(keep), AllowDowngrade = parsed.GetValue(downgrade), WithDisks = parsed.GetValue(disk), Create = parsed.GetValue(create) };
            var isTrial = parsed.GetValue(trial);
            var result = Publication.Run(
                BuildFolders.Output(appliance), target, [.. disks.Select(ImageOf)], options, key is null ? null : list => Sign(list, key, signing, cancellation), (list, signature) => IsGood(list, signature, key!), isTrial, cancellation);
            var text = parsed.GetValue(json) ? ToJson(target, result, isTrial) : ToText(target, result, isTrial);
            await Console.Out.WriteAsync(text.AsMemory(), cancellation);
            return Program.Done;
        });
        return command;
    }

    private static PublishedImage ImageOf(ImageConfiguration image)
    {
        if (image.ImageVersion.Value is not { } version) throw image.ImageVersion.Origin.Error($"image {image.Name} has no ImageVersion=, by which machines tell what is newer");
        var id = image.ImageId.Value ?? image.Output.Value;
        if (image.Output.Value != $"{id}_{version}") throw image.Output.Origin.Error($"artifacts are found by their names, which begin with %i_%v ({id}_{version}); Output= makes them {image.Output.Value}");
        return new PublishedImage(id, version);
    }

    private static byte[] Sign(byte[] list, OpenPgpKey key, SigningSettings signing, CancellationToken cancellation)
    {
        var now = DateTimeOffset.UtcNow;
        var round = new SignatureRound(signing.Plan, new KeySignatures(signing.Signers));
        round.Add("sha256sums", OutputSet.Manifest, SigningRole.OpenPgp, OpenPgpSignature.Prepare(ByteSource.FromMemory(list), key, now < key.CreationTime ? key.CreationTime : DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds())));
        return round.Complete(cancellation)["sha256sums"];
    }

    private static bool IsGood(byte[] list, byte[] signature, OpenPgpKey key)
    {
        try
        {
            return OpenPgpSignature.Read(signature, OutputSet.ManifestSignature).Verify(ByteSource.FromMemory(list), key) is null;
        }
        catch (Core.RoosException)
        {
            return false; // another is made
        }
    }

    private static string ToText(string target, PublicationResult result, bool isTrial)
    {
        var lines = new List<string>();
        foreach (var artifact in result.Added) lines.Add(string.Create(CultureInfo.InvariantCulture, $"{(isTrial ? "would add" : "added")} {artifact.Name} ({artifact.Length / 1e6:0.0} MB)"));
        foreach (var name in result.Removed) lines.Add($"{(isTrial ? "would remove" : "removed")} {name}");
        foreach (var (id, versions) in result.Versions) lines.Add($"{target}: {id} {string.Join(", ", versions)}{(result.ListChanges ? "" : "; nothing was to be done")}");
        return string.Join('\n', lines) + "\n";
    }

    private static string ToJson(string target, PublicationResult result, bool isTrial) =>
        JsonSerializer.Serialize(new PublicationReport(target, isTrial, result.Added, result.Removed, result.Versions, result.ListChanges), PublicationJson.Default.PublicationReport).ReplaceLineEndings("\n") + "\n";
}

internal sealed record PublicationReport(string Directory, bool DryRun, IReadOnlyList<Output> Added, IReadOnlyList<string> Removed, IReadOnlyDictionary<string, IReadOnlyList<string>> Versions, bool Changed);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(PublicationReport))]
internal sealed partial class PublicationJson : JsonSerializerContext;
