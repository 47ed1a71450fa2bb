using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Roos.Builder.Host;
using Roos.Builder.Publishing;
using Roos.Core;
using Roos.Core.Identity;

namespace Roos.Builder.VirtualMachines;

/// <summary>
/// What makes a virtual machine the same one at its next start: its disk, the variables of its firmware, the state of its TPM, and its UUID. All in one folder; a
/// machine is complete when its file <c>machine</c> is there: the UUID and the build that the disk was made of, a line each.
/// </summary>
internal sealed record MachineFolder(string Path, Uuid Uuid, string Build)
{
    private const string Description = "machine";

    private const int LongestDescription = 1 << 16;

    // sun_path of unix(7) has 108 bytes, with a zero at the end.
    private const int LongestSocket = 107;

    public string Disk => System.IO.Path.Combine(Path, "disk.raw");

    public string Variables => System.IO.Path.Combine(Path, "firmware-variables.fd");

    public string Tpm => System.IO.Path.Combine(Path, "tpm");

    public string TpmSocket => System.IO.Path.Combine(Path, "tpm.sock");

    /// <summary>The machine of a folder; null where there is none.</summary>
    /// <exception cref="RoosException">The folder has something else.</exception>
    public static MachineFolder? Open(string path)
    {
        var file = System.IO.Path.Combine(path, Description);
        if (!File.Exists(file)) return null;
        return Read(path) ?? throw new RoosException($"{file}: does not describe a machine; remove {path}, or give another folder with --machine");
    }

    private static MachineFolder? Read(string path)
    {
        var file = System.IO.Path.Combine(path, Description);
        if (!File.Exists(file) || new FileInfo(file).Length > LongestDescription) return null;
        var lines = File.ReadAllLines(file);
        return lines.Length == 2 && Uuid.TryParse(lines[0], out var uuid) ? new MachineFolder(path, uuid, lines[1]) : null;
    }

    /// <summary>Holds a machine until the result is disposed of, so that nothing else starts it or replaces its disk under it.</summary>
    /// <exception cref="RoosException">It is running.</exception>
    public static IDisposable Hold(string path)
    {
        // Beside the folder, which --fresh removes.
        var file = path + ".lock";
        try
        {
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.DeleteOnClose);
        }
        catch (IOException) when (File.Exists(file))
        {
            throw new RoosException($"{path}: this machine is running; turn it off first, or start another one with --machine DIR or --ephemeral");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{path}: the machine cannot be kept here: {e.Message}", e);
        }
    }

    /// <summary>Makes a machine, in place of the one that may be there.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="image">The disk image.</param>
    /// <param name="grow">Bytes that the machine's disk is larger.</param>
    /// <param name="uuid">The firmware's UUID; a random one if null.</param>
    /// <param name="firmware">Whose variables it starts with.</param>
    /// <param name="cancellation">Ends the copying.</param>
    public static MachineFolder Create(string path, string image, long grow, Uuid? uuid, Firmware firmware, CancellationToken cancellation)
    {
        var machine = new MachineFolder(path, uuid ?? NewUuid(), BuildOf(image));
        if (Encoding.UTF8.GetByteCount(machine.TpmSocket) > LongestSocket) throw new UsageException($"{path}: the name of this folder is too long for the sockets in it; give a shorter one with --machine");
        Remove(path);
        try
        {
            Directory.CreateDirectory(machine.Tpm);
            CopyDisk(image, machine.Disk, grow, cancellation);
            File.Copy(firmware.Variables, machine.Variables);
            File.WriteAllText(System.IO.Path.Combine(path, Description), $"{machine.Uuid}\n{machine.Build}\n");
            return machine;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{path}: the machine cannot be made: {e.Message}", e);
        }
    }

    public static void Remove(string path)
    {
        if (!Directory.Exists(path)) return;

        // Somebody's folder that was named by mistake must not be emptied.
        if (Read(path) is null && Directory.EnumerateFileSystemEntries(path).Any(entry => System.IO.Path.GetFileName(entry) is not ("disk.raw" or "tpm" or "firmware-variables.fd")))
            throw new UsageException($"{path}: is there and is no machine of roos vm; give another folder with --machine");
        Directory.Delete(path, recursive: true);
    }

    /// <summary>What tells one build from another: the digest in SHA256SUMS beside the image, or else its length and time.</summary>
    public static string BuildOf(string image)
    {
        var sums = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(image))!, OutputSet.Manifest);
        var name = " *" + System.IO.Path.GetFileName(image);
        var line = File.Exists(sums) ? File.ReadLines(sums).FirstOrDefault(line => line.EndsWith(name, StringComparison.Ordinal)) : null;
        var file = new FileInfo(image);
        return line ?? string.Create(CultureInfo.InvariantCulture, $"{file.Length} bytes of {file.LastWriteTimeUtc:yyyy-MM-dd HH:mm:ss} UTC{name}");
    }

    /// <summary>Most of a disk is zeros, which need no room.</summary>
    private static void CopyDisk(string image, string copy, long grow, CancellationToken cancellation)
    {
        using var source = File.OpenRead(image);
        using var disk = new FileStream(copy, FileMode.CreateNew, FileAccess.Write);
        if (OperatingSystem.IsWindows()) WindowsCalls.MakeSparse(disk.SafeFileHandle);
        var buffer = new byte[1 << 16];
        for (int read; (read = source.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)) > 0;)
        {
            cancellation.ThrowIfCancellationRequested();
            if (buffer.AsSpan(0, read).ContainsAnyExcept((byte)0)) disk.Write(buffer, 0, read);
            else disk.Seek(read, SeekOrigin.Current);
        }

        disk.SetLength(source.Length + grow);
    }

    private static Uuid NewUuid()
    {
        var bytes = RandomNumberGenerator.GetBytes(16);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40); // version 4, RFC 9562
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Uuid(bytes);
    }
}
