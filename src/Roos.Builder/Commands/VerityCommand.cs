using System.CommandLine;
using System.Globalization;
using System.Security.Cryptography;
using Roos.Builder.Host;
using Roos.Builder.Workspaces;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Verity;

namespace Roos.Builder.Commands;

/// <summary><c>roos verity format|verify|dump</c>: what veritysetup does, in its words, without a device mapper.</summary>
internal static class VerityCommand
{
    private const string Description =
        """
        Makes, checks and shows dm-verity hash devices, byte for byte those of veritysetup (SHA-256, blocks of 4096 bytes, hash type 1).

        Examples:
          roos verity format root.raw root-verity.raw
          roos verity format root.raw root-verity.raw --salt 06ee1724 --uuid dd9bec71-be85-43db-9c50-960aa9783080
          roos verity verify root.raw root-verity.raw $(cat root.roothash)
          roos verity dump root-verity.raw
        """;

    private static readonly Argument<string> Data = new("DATA") { Description = "The data image, a multiple of 4096 bytes" };

    private static readonly Argument<string> Hash = new("HASH") { Description = "The hash device" };

    private static readonly Option<int> Workers = new("--workers") { Description = "Threads that hash; the result does not depend on it", HelpName = "N", DefaultValueFactory = _ => Environment.ProcessorCount };

    public static Command Create() => new("verity", Description) { Format(), Verify(), Dump() };

    private static Command Format()
    {
        var salt = new Option<string?>("--salt", "-s") { Description = "Salt in hex, \"-\" for none; without it 32 random bytes, as veritysetup takes them. Give --salt and --uuid for the same bytes every time", HelpName = "HEX" };
        var uuid = new Option<string?>("--uuid") { Description = "UUID of the volume; without it a random one", HelpName = "UUID" };
        var command = new Command("format", "Hash DATA and write the hash tree to HASH; the root hash is printed") { Data, Hash, salt, uuid, Workers };
        command.SetAction(parsed =>
        {
            var options = new VerityOptions
            {
                Salt = ParseSalt(parsed.GetValue(salt)),
                Uuid = ParseUuid(parsed.GetValue(uuid)),
                Workers = ParseWorkers(parsed.GetValue(Workers)),
            };
            FormatDevice(parsed.GetRequiredValue(Data), parsed.GetRequiredValue(Hash), options);
            return Program.Done;
        });
        return command;
    }

    private static Command Verify()
    {
        var rootHash = new Argument<string>("ROOTHASH") { Description = "The root hash in hex, from a place that is trusted" };
        var command = new Command("verify", "Hash DATA and compare it with HASH and ROOTHASH; exit status 1 where anything differs") { Data, Hash, rootHash, Workers };
        command.SetAction((parsed, cancellation) =>
        {
            var expected = ParseHex(parsed.GetRequiredValue(rootHash)) ?? [];
            if (expected.Length != VerityGeometry.DigestSize) throw new UsageException($"Invalid root hash string specified: {VerityGeometry.DigestSize * 2} hex digits are needed, found \"{parsed.GetValue(rootHash)}\"");
            using var data = FileSource.Open(parsed.GetRequiredValue(Data));
            using var hash = FileSource.Open(parsed.GetRequiredValue(Hash));
            var verdict = Open(hash).Verify(data, expected, ParseWorkers(parsed.GetValue(Workers)), cancellation);
            if (!verdict.IsValid) throw new RoosException($"{(verdict.Fault == VerityFault.Data ? data.Path : hash.Path)}: {verdict} Verification of data area failed.");
            return Task.FromResult(Program.Done);
        });
        return command;
    }

    private static Command Dump()
    {
        var command = new Command("dump", "Show what the superblock of HASH says") { Hash };
        command.SetAction(parsed =>
        {
            using var hash = FileSource.Open(parsed.GetRequiredValue(Hash));
            Console.Out.Write(Header(hash.Path, Open(hash).Superblock, rootHash: null));
            return Program.Done;
        });
        return command;
    }

    private static void FormatDevice(string dataPath, string hashPath, VerityOptions options)
    {
        if (Path.GetFullPath(dataPath) == Path.GetFullPath(hashPath)) throw new UsageException($"Data area overlaps with hash area: {dataPath} is given for both");
        using var data = FileSource.Open(dataPath);
        if (data.Length == 0) throw new RoosException($"{dataPath}: is empty, and dm-verity needs at least one block of {VerityGeometry.BlockSize} bytes");
        if (data.Length % VerityGeometry.BlockSize != 0) throw new RoosException($"{dataPath}: must be a multiple of {VerityGeometry.BlockSize} bytes; found {data.Length}. veritysetup would leave the last {data.Length % VerityGeometry.BlockSize} bytes unprotected: pad the file with zeros");
        var tree = VerityTree.Of(data, options);
        Replace(hashPath, tree.HashDevice);
        Console.Out.Write(Header(hashPath, tree.Superblock, tree.RootHashText));
    }

    /// <summary>A regular file appears under its name when it is complete; a device is written in place.</summary>
    internal static void Replace(string path, IImage image)
    {
        if (OperatingSystem.IsLinux() && File.Exists(path) && !LinuxPath.IsRegularFile(path))
        {
            using var device = new FileStream(path, FileMode.Open, FileAccess.Write);
            image.WriteTo(new DeviceSink(device));
            device.Flush(flushToDisk: true);
            return;
        }

        using var workspace = Workspace.Create(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var complete = workspace.PathOf("hash-device");
        Workspace.WriteFile(complete, image, [], CancellationToken.None);
        File.Move(complete, path, overwrite: true);
    }

    /// <summary>The table that veritysetup prints.</summary>
    internal static string Header(string path, VeritySuperblock superblock, string? rootHash)
    {
        var (blocks, length) = TreeSize(superblock);
        var lines = new List<string>
        {
            $"VERITY header information for {path}",
            $"UUID:            \t{superblock.Uuid}",
            $"Hash type:       \t{superblock.HashType}",
            $"Data blocks:     \t{superblock.DataBlocks}",
            $"Data block size: \t{superblock.DataBlockSize}",
            $"Hash blocks:     \t{blocks}",
            $"Hash block size: \t{superblock.HashBlockSize}",
            $"Hash algorithm:  \t{superblock.Algorithm}",
            $"Salt:            \t{(superblock.Salt.Length == 0 ? "-" : Convert.ToHexStringLower(superblock.Salt))}",
        };
        if (rootHash is not null) lines.Add($"Root hash:      \t{rootHash}");
        lines.Add($"Hash device size: \t{length} [bytes]");
        return string.Join('\n', lines) + "\n";
    }

    private static (string Blocks, string Length) TreeSize(VeritySuperblock superblock)
    {
        if (superblock is not { Algorithm: "sha256", HashType: 1, DataBlockSize: VerityGeometry.BlockSize, HashBlockSize: VerityGeometry.BlockSize }) return ("unknown to roos", "unknown to roos");
        var geometry = new VerityGeometry(superblock.DataBlocks);
        return (geometry.TreeBlocks.ToString(CultureInfo.InvariantCulture), geometry.HashDeviceLength.ToString(CultureInfo.InvariantCulture));
    }

    private static VerityVolume Open(FileSource hash)
    {
        try
        {
            return VerityVolume.Open(hash);
        }
        catch (DamagedInputException e)
        {
            throw new DamagedInputException($"Device {hash.Path} is not a valid VERITY device: {e.Message}", e);
        }
    }

    internal static byte[] ParseSalt(string? text)
    {
        if (text is null) return RandomNumberGenerator.GetBytes(VerityGeometry.DigestSize);
        if (text == "-") return [];
        if (ParseHex(text) is { Length: <= VerityGeometry.MaximumSaltSize } salt) return salt;
        throw new UsageException($"Invalid salt string specified: --salt takes up to {VerityGeometry.MaximumSaltSize} bytes as pairs of hex digits, or \"-\" for none; found \"{text}\"");
    }

    private static Uuid ParseUuid(string? text)
    {
        if (text is not null) return Uuid.TryParse(text, out var given) ? given : throw new UsageException($"Wrong VERITY UUID format provided: --uuid takes a UUID such as dd9bec71-be85-43db-9c50-960aa9783080; found \"{text}\"");
        return new Uuid(Guid.NewGuid().ToByteArray(bigEndian: true));
    }

    private static int ParseWorkers(int workers) => workers >= 1 ? workers : throw new UsageException($"--workers must be at least 1; found {workers}");

    private static byte[]? ParseHex(string text) => text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) ? Convert.FromHexString(text) : null;

    /// <summary>What was on a device before stays where nothing is written: zeros are.</summary>
    private sealed class DeviceSink(Stream device) : ImageSink
    {
        protected override void WriteCore(ReadOnlySpan<byte> bytes) => device.Write(bytes);
    }
}
