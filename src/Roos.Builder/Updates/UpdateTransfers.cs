using System.Text;
using Roos.Builder.Configuration;
using Roos.Builder.Repart;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Gpt;

namespace Roos.Builder.Updates;

/// <summary>
/// How the machines of an image get their updates: the transfer files that go into it, and with them the names of the
/// artifacts. None without UPDATE_URL=.
/// </summary>
internal sealed class UpdateTransfers
{
    /// <summary>Where they are in the image.</summary>
    public const string Folder = "usr/lib/sysupdate.d";

    /// <summary>What systemd-pull runs to check a signature.</summary>
    private const string Verifier = "usr/bin/gpg";

    private readonly IReadOnlyList<TransferFile> _files;
    private readonly bool _isSigned;

    private UpdateTransfers(IReadOnlyList<TransferFile> files, bool isSigned) => (_files, _isSigned) = (files, isSigned);

    public static UpdateTransfers None { get; } = new([], false);

    public bool IsEmpty => _files.Count == 0;

    /// <summary>Reads the templates of an appliance and checks what can be checked before packages are fetched.</summary>
    /// <param name="appliance">Its roos.resources/sysupdate has them.</param>
    /// <param name="image">The image with the version.</param>
    /// <param name="isSigned">Whether SHA256SUMS will be signed.</param>
    /// <param name="hasRootHashSignature">Whether there will be partitions with signatures of root hashes.</param>
    /// <exception cref="UsageException">A template or the version is wrong.</exception>
    public static UpdateTransfers Read(ApplianceConfiguration appliance, ImageConfiguration image, bool isSigned, bool hasRootHashSignature)
    {
        if (image.Variable("UPDATE_URL") is not { Value.Length: > 0 } address) return None;
        var folder = appliance.Resources is { } resources ? Path.Combine(resources, "sysupdate") : null;
        var paths = folder is not null && Directory.Exists(folder) ? Directory.GetFiles(folder, "*.transfer").Order(StringComparer.Ordinal).ToList() : [];
        if (paths.Count == 0) throw address.Origin.Error("UPDATE_URL= is filled into the templates of roos.resources/sysupdate/*.transfer, and there are none (roos init writes them)");
        if (image.ImageVersion.Value is not { } version) throw image.ImageVersion.Origin.Error("updates need an ImageVersion=: machines take the newest");
        if (!ImageVersionRules.IsValid(version)) throw image.ImageVersion.Origin.Error($"ImageVersion=: {ImageVersionRules.Problem(version)}");
        var files = paths.Select(path => TransferFile.Read(Path.GetRelativePath(appliance.Directory, path).Replace('\\', '/'), File.ReadAllText(path), name => name switch
        {
            "UPDATE_URL" => address.Value.TrimEnd('/'),
            "VERIFY" => isSigned ? "yes" : "no",
            _ => image.Variable(name)?.Value,
        })).ToList();

        // Nothing would ever come for a partition that the image does not have.
        var signature = PartitionType.Find("root-verity-sig", image.Architecture.Value);
        if (!hasRootHashSignature) files.RemoveAll(file => file.TargetIsPartition && file.PartitionType(image.Architecture.Value).Uuid == signature?.Uuid);
        return new UpdateTransfers(files, isSigned);
    }

    /// <summary>Puts the filled templates into the tree of a system; a file of that name that is there already stays.</summary>
    /// <exception cref="RoosException">The system could not check the signature of an update.</exception>
    public FileTree AddTo(FileTree tree, Timestamp time)
    {
        if (IsEmpty) return tree;
        if (_isSigned && tree.Find(Verifier) is null) throw new RoosException($"Sign=yes: machines check the signature of SHA256SUMS with /{Verifier}, which this image does not have, so that they would take no update: add gpg to Packages=");
        var builder = tree.ToBuilder();
        foreach (var file in _files)
        {
            var path = $"{Folder}/{file.Name}";
            if (tree.Find(path) is null) builder.Set(path, new RegularFile(new FileMetadata(0x1a4) { ModificationTime = time }, ByteSource.FromMemory(Encoding.UTF8.GetBytes(file.Text))));
        }

        return builder.Build();
    }

    /// <summary>
    /// The names of the artifacts, as the first source pattern of each transfer has them, by partition. Checked as systemd-sysupdate
    /// will look: each pattern must find one artifact, and the shipped partitions and UKI must be found as the version that is installed.
    /// </summary>
    /// <param name="version">The image's.</param>
    /// <param name="partitions">As shipped.</param>
    /// <param name="ukiName">The file name of the UKI.</param>
    /// <param name="specifiers">Of the image.</param>
    /// <exception cref="ConfigurationException">A pattern matches nothing, or more than one.</exception>
    public IReadOnlyDictionary<Uuid, string> NameArtifacts(string version, IReadOnlyList<GptPartition> partitions, string ukiName, RepartSpecifiers specifiers)
    {
        var names = new Dictionary<Uuid, string>();
        var artifacts = new List<string> { ukiName };
        foreach (var file in _files.Where(file => file.TargetIsPartition))
        {
            var (type, targets) = (file.PartitionType(specifiers.Architecture), TransferFile.Patterns(file.TargetPatterns, specifiers));
            var found = partitions.Where(partition => partition.Type == type.Uuid && Matches(targets, partition.Label, version)).ToList();
            if (found.Count != 1)
            {
                var labels = partitions.Where(partition => partition.Type == type.Uuid).Select(partition => $"\"{partition.Label}\"").ToList();
                var what = labels.Count == 0 ? "has no partition of that type" : $"has {string.Join(" and ", labels)}";
                throw targets[0].Location.Error($"the label of one partition of type {type.Identifier} must match \"{targets[0].Pattern.Text}\" with version {version}, or machines would not know what they have; the image {what}");
            }

            if (targets[0].Pattern.Format(version, null) is { Length: > 36 } label) throw targets[0].Location.Error($"a partition label has at most 36 UTF-16 units; \"{label}\" has {label.Length}");
            var (pattern, location) = TransferFile.Patterns(file.SourcePatterns, specifiers)[0];
            var name = pattern.Format(version, found[0].Uuid) ?? throw location.Error("the first pattern names the artifact, of which the build knows @v and @u only");
            if (!names.TryAdd(found[0].Uuid, name)) throw location.Error($"another transfer file is for the same partition \"{found[0].Label}\"");
            artifacts.Add(name);
        }

        foreach (var file in _files)
        {
            var sources = TransferFile.Patterns(file.SourcePatterns, specifiers);
            var found = artifacts.Where(name => sources.Any(source => source.Pattern.Match(name) is not null)).ToList();
            if (found.Count != 1 || !Matches(sources, found[0], version))
                throw sources[0].Location.Error($"\"{sources[0].Pattern.Text}\" must match one artifact of version {version}, and matches {(found.Count == 0 ? "none" : string.Join(" and ", found))} of {string.Join(", ", artifacts)}");
            if (file.TargetIsPartition) continue;
            var targets = TransferFile.Patterns(file.TargetPatterns, specifiers);
            if (!Matches(targets, ukiName, version)) throw targets[0].Location.Error($"the UKI in the ESP, {ukiName}, must match one of the patterns with version {version}, or machines would not know what they have");
        }

        return names;
    }

    /// <summary>Whether a tree makes a second slot on its machines: an update needs one.</summary>
    public static bool HasSecondSlot(FileTree tree) => (tree.Find("usr/lib/repart.d") as DirectoryNode)?.Entries.Values.OfType<RegularFile>()
        .Count(file => Encoding.UTF8.GetString(file.Content.ToArray()).Split('\n').Any(line => line.Trim() is "Type=root" or "Type=root-x86-64" or "Type=root-arm64")) >= 2;

    private static bool Matches(IEnumerable<(SysupdatePattern Pattern, SourceLocation Location)> patterns, string name, string version) =>
        patterns.Any(item => item.Pattern.Match(name) is { } match && match.Version == version);
}
