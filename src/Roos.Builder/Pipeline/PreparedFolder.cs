using System.Text.Json;
using Roos.Builder.Signing;
using Roos.Builder.Workspaces;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Core.Tree;
using Roos.Gpt;
using Roos.Signing;
using Roos.Signing.OpenPgp;

namespace Roos.Builder.Pipeline;

/// <summary>
/// A prepared image in a folder that can be carried to where it is signed: <c>prepared.json</c>, the bytes beside it in
/// <c>parts/</c>, and <c>signatures/</c> for what is asked and answered.
/// </summary>
internal sealed class PreparedFolder : IDisposable
{
    public const string Document = "prepared.json";
    public const string Signatures = "signatures";
    private const string Parts = "parts";
    private const int Version = 1;
    private const long MaximumDocument = 16 << 20;

    private readonly List<FileSource> _open = [];

    private PreparedFolder(string folder) => Folder = folder;

    public string Folder { get; }

    public string SignatureFolder => Path.Combine(Folder, Signatures);

    public PreparedImage Image { get; private set; } = null!;

    /// <summary>Writes an image into a folder that is not there yet, or empty.</summary>
    /// <param name="image">The image.</param>
    /// <param name="folder">Appears when it is complete.</param>
    /// <param name="workspace">On the folder's file system.</param>
    /// <param name="cancellation">Ends it.</param>
    public static void Save(PreparedImage image, string folder, Workspace workspace, CancellationToken cancellation)
    {
        RequireNew(folder);
        var making = workspace.PathOf("prepared");
        Directory.CreateDirectory(Path.Combine(making, Parts));
        Directory.CreateDirectory(Path.Combine(making, Signatures));
        var writer = new PartWriter(Path.Combine(making, Parts), cancellation);
        var document = ToDocument(image, writer.Add);
        try
        {
            File.WriteAllBytes(Path.Combine(making, Document), JsonSerializer.SerializeToUtf8Bytes(document, PreparedJson.Default.PreparedDocument));
            if (Directory.Exists(folder)) Directory.Delete(folder);
            Directory.Move(making, folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{folder}: cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Refuses a folder with something in it, before anything is built.</summary>
    public static void RequireNew(string folder)
    {
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            throw new UsageException($"{folder}: is there already; name a new folder, or remove it first");
    }

    /// <summary>Opens a folder that <see cref="Save"/> wrote; every part is compared with its digest.</summary>
    /// <exception cref="RoosException">Something is missing or changed.</exception>
    public static PreparedFolder Open(string folder, CancellationToken cancellation)
    {
        var path = Path.Combine(folder, Document);
        if (!File.Exists(path)) throw new UsageException($"{folder}: is no prepared image ({Document} is not there); make one with: roos build --prepare-signing {folder}");
        var result = new PreparedFolder(folder);
        try
        {
            using (var file = FileSource.Open(path))
            {
                if (file.Length > MaximumDocument) throw new RoosException($"{path}: {file.Length} bytes are too many");
                var document = JsonSerializer.Deserialize(file.ToArray(), PreparedJson.Default.PreparedDocument) ?? throw new RoosException($"{path}: is empty");
                if (document.Version != Version) throw new RoosException($"{path}: has version {document.Version}, and this roos reads version {Version}: attach the signatures with the roos that prepared the image");
                result.Image = FromDocument(document, part => result.OpenPart(part, cancellation));
            }

            return result;
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException or InvalidOperationException or NotSupportedException)
        {
            result.Dispose();
            throw new RoosException($"{path}: is not as roos wrote it: {e.Message}", e);
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Writes down what is to be signed now.</summary>
    public void WriteRequests(FolderSignatures signatures, IReadOnlyList<SigningRequest> wanted)
    {
        Directory.CreateDirectory(SignatureFolder);
        foreach (var request in wanted) File.WriteAllBytes(signatures.DigestPath(request), [.. request.Digest]);
        var list = new SigningList([
            .. signatures.Answered.Select(request => ToItem(request, isSigned: true)),
            .. wanted.Select(request => ToItem(request, isSigned: false)),
        ]);
        File.WriteAllBytes(Path.Combine(SignatureFolder, "requests.json"), JsonSerializer.SerializeToUtf8Bytes(list, PreparedJson.Default.SigningList));
    }

    public void Dispose()
    {
        foreach (var file in _open) file.Dispose();
    }

    private static SigningItem ToItem(SigningRequest request, bool isSigned) => new(
        request.Name, request.Description, CommandSigner.NameOf(request.Role), "RSASSA-PKCS1-v1_5-SHA256", Convert.ToHexStringLower(request.Digest.AsSpan()), request.Name + ".digest", request.Name + ".sig", isSigned);

    private FileSource OpenPart(PreparedPart part, CancellationToken cancellation)
    {
        // Only names that Save makes: a document from elsewhere leads nowhere else.
        if (part.File.Length == 0 || !part.File.All(c => char.IsAsciiLetterOrDigit(c) || c is '-')) throw new FormatException($"\"{part.File}\" is no part");
        var file = FileSource.Open(Path.Combine(Folder, Parts, part.File));
        _open.Add(file);
        using var digest = new Sha256Sink();
        if (file.Length == part.Length) file.CopyTo(digest, cancellation);
        if (file.Length != part.Length || Convert.ToHexStringLower(digest.GetDigest()) != part.Sha256) throw new RoosException($"{file.Path}: is not the file that the image was prepared with; prepare it again");
        return file;
    }

    private static PreparedDocument ToDocument(PreparedImage image, Func<string, ByteSource, PreparedPart> add) => new(
        Version,
        image.Name,
        image.DiskExtension,
        image.Clock.Seconds,
        new PreparedPlan(
            image.Signing.SecureBoot?.ToPem(),
            image.Signing.Verity?.ToPem(),
            image.Signing.Pcr?.ToPem(),
            image.Signing.OpenPgp is { } key ? Convert.ToBase64String(key.ToKeyring()) : null,
            image.Signing.Enrollment),
        new PreparedUkiDocument(
            image.Uki.FileName,
            add("stub", image.Uki.Stub),
            add("kernel", image.Uki.Linux),
            [.. image.Uki.Initrds.Select((initrd, i) => add($"initrd-{i}", initrd))],
            image.Uki.Microcode is null ? null : add("microcode", image.Uki.Microcode),
            image.Uki.OsRelease,
            image.Uki.CommandLine,
            image.Uki.KernelVersion,
            [.. image.Uki.Profiles.Select(profile => new PreparedProfile(profile.Id, profile.Title, profile.CommandLine))]),
        add("systemd-boot", image.BootLoader),
        image.Disk.Uuid.ToString(),
        image.Disk.Length,
        [.. image.Disk.Partitions.Select((partition, i) => ToDocument(partition, i, add))],
        [.. image.Outputs.Select((output, i) => new PreparedOutput(output.Name, add($"output-{i}", output.Content)))]);

    private static PreparedPartitionDocument ToDocument(PreparedPartition item, int number, Func<string, ByteSource, PreparedPart> add)
    {
        var partition = item.Partition;
        return new PreparedPartitionDocument(
            partition.Type.ToString(), partition.Uuid.ToString(), partition.Label, (ulong)partition.Attributes, partition.Size, partition.PaddingAfter, item.ArtifactName,
            item.Content is FixedContent content ? add($"partition-{number}", content.Bytes) : null,
            item.Content is FatContent fat ? new PreparedFat(fat.Size, fat.VolumeId, fat.MaximumTime.Seconds, [.. fat.Entries.Select((entry, i) =>
                new PreparedFatEntry(entry.Path.ToString(), entry.Time.Seconds, entry.Time.Nanoseconds, entry.Kind, entry.Content is null ? null : add($"partition-{number}-file-{i}", entry.Content)))]) : null,
            item.Content is RootHashSignatureContent signature ? new PreparedRootHash(signature.Name, Convert.ToHexStringLower(signature.RootHash)) : null);
    }

    private static PreparedImage FromDocument(PreparedDocument document, Func<PreparedPart, ByteSource> open) => new()
    {
        Name = document.Name,
        DiskExtension = document.DiskExtension,
        Clock = new Timestamp(document.Clock, 0),
        Signing = new SigningPlan
        {
            SecureBoot = Certificate(document.Signing.SecureBootCertificate),
            Verity = Certificate(document.Signing.VerityCertificate),
            Pcr = document.Signing.PcrPublicKey is null ? null : RsaPublicKey.ReadPem(document.Signing.PcrPublicKey),
            OpenPgp = document.Signing.OpenPgpKeyring is null ? null : OpenPgpKey.Read(Convert.FromBase64String(document.Signing.OpenPgpKeyring), Document),
            Enrollment = document.Signing.Enrollment,
        },
        Uki = new PreparedUki
        {
            FileName = document.Uki.FileName,
            Stub = open(document.Uki.Stub),
            Linux = open(document.Uki.Kernel),
            Initrds = [.. document.Uki.Initrds.Select(open)],
            Microcode = document.Uki.Microcode is null ? null : open(document.Uki.Microcode),
            OsRelease = document.Uki.OsRelease,
            CommandLine = document.Uki.CommandLine,
            KernelVersion = document.Uki.KernelVersion,
            Profiles = [.. document.Uki.Profiles.Select(profile => (profile.Id, profile.Title, profile.CommandLine))],
        },
        BootLoader = open(document.BootLoader),
        Disk = new PreparedDisk(Uuid.Parse(document.DiskUuid), document.DiskLength, [.. document.Partitions.Select(partition => FromDocument(partition, open))]),
        Outputs = [.. document.Outputs.Select(output => (output.Name, open(output.Content)))],
    };

    private static PreparedPartition FromDocument(PreparedPartitionDocument document, Func<PreparedPart, ByteSource> open)
    {
        var partition = new GptPartition
        {
            Type = Uuid.Parse(document.Type),
            Uuid = Uuid.Parse(document.Uuid),
            Label = document.Label,
            Attributes = (PartitionAttributes)document.Attributes,
            Size = document.Size,
            PaddingAfter = document.PaddingAfter,
        };
        PreparedContent? content = null;
        if (document.Content is { } part) content = new FixedContent(open(part));
        if (document.RootHash is { } signature) content = new RootHashSignatureContent(signature.Name, Convert.FromHexString(signature.RootHash));
        if (document.Fat is { } fat)
        {
            var entries = fat.Entries.Select(entry => new FatEntry(ByteString.FromUtf8(entry.Path), new Timestamp(entry.Seconds, entry.Nanoseconds), entry.Kind, entry.Content is null ? null : open(entry.Content)));
            content = new FatContent(fat.Size, fat.VolumeId, new Timestamp(fat.MaximumTime, 0), [.. entries]);
        }

        return new PreparedPartition(partition, document.ArtifactName, content);
    }

    private static Certificate? Certificate(string? pem) => pem is null ? null : Roos.Signing.Certificate.Read(System.Text.Encoding.ASCII.GetBytes(pem), Document);

    /// <summary>Copies parts; the same bytes twice are one file.</summary>
    private sealed class PartWriter(string folder, CancellationToken cancellation)
    {
        private readonly Dictionary<ByteSource, PreparedPart> _written = new(ReferenceEqualityComparer.Instance);

        public PreparedPart Add(string name, ByteSource content)
        {
            if (_written.TryGetValue(content, out var known)) return known;
            using var digest = new Sha256Sink();
            Workspace.WriteFile(Path.Combine(folder, name), new SourceImage(content), [digest], cancellation);
            return _written[content] = new PreparedPart(name, content.Length, Convert.ToHexStringLower(digest.GetDigest()));
        }
    }
}
