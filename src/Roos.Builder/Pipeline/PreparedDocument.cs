using System.Text.Json.Serialization;
using Roos.Builder.Signing;

namespace Roos.Builder.Pipeline;

/// <summary>prepared.json. Bytes are in files beside it.</summary>
internal sealed record PreparedDocument(
    int Version, string Name, string DiskExtension, long Clock, PreparedPlan Signing, PreparedUkiDocument Uki, PreparedPart BootLoader,
    string DiskUuid, long DiskLength, IReadOnlyList<PreparedPartitionDocument> Partitions, IReadOnlyList<PreparedOutput> Outputs);

/// <summary>A file in parts/.</summary>
internal sealed record PreparedPart(string File, long Length, string Sha256);

/// <summary>Public keys. The keyring is base64 in a string: of a byte[] that is null the serializer would write an empty text.</summary>
internal sealed record PreparedPlan(string? SecureBootCertificate, string? VerityCertificate, string? PcrPublicKey, string? OpenPgpKeyring, EnrollmentLists? Enrollment);

internal sealed record PreparedUkiDocument(
    string FileName, PreparedPart Stub, PreparedPart Kernel, IReadOnlyList<PreparedPart> Initrds, PreparedPart? Microcode,
    string OsRelease, string CommandLine, string KernelVersion, IReadOnlyList<PreparedProfile> Profiles);

internal sealed record PreparedProfile(string Id, string? Title, string CommandLine);

internal sealed record PreparedPartitionDocument(
    string Type, string Uuid, string Label, ulong Attributes, long Size, long PaddingAfter, string? ArtifactName,
    PreparedPart? Content, PreparedFat? Fat, PreparedRootHash? RootHash);

internal sealed record PreparedFat(long Size, uint VolumeId, long MaximumTime, IReadOnlyList<PreparedFatEntry> Entries);

internal sealed record PreparedFatEntry(string Path, long Seconds, uint Nanoseconds, FatEntryKind Kind, PreparedPart? Content);

internal sealed record PreparedRootHash(string Name, string RootHash);

internal sealed record PreparedOutput(string Name, PreparedPart Content);

/// <summary>requests.json: what is to be signed, and what has been.</summary>
internal sealed record SigningList(IReadOnlyList<SigningItem> Requests);

/// <summary>One signature.</summary>
/// <param name="Name">Of the request.</param>
/// <param name="Description">What is signed, for people.</param>
/// <param name="Role">Which key: secure-boot, verity, pcr, openpgp.</param>
/// <param name="Algorithm">How the key is applied to the digest.</param>
/// <param name="Digest">SHA-256, hex.</param>
/// <param name="DigestFile">The file with its 32 bytes.</param>
/// <param name="SignatureFile">The file that is expected.</param>
/// <param name="Signed">Whether it is there.</param>
internal sealed record SigningItem(string Name, string Description, string Role, string Algorithm, string Digest, string DigestFile, string SignatureFile, bool Signed);

[JsonSourceGenerationOptions(WriteIndented = true, NewLine = "\n", PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(PreparedDocument))]
[JsonSerializable(typeof(SigningList))]
internal sealed partial class PreparedJson : JsonSerializerContext;
