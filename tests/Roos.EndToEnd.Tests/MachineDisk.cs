using System.Globalization;
using System.Text.Json;
using Roos.Testing;

namespace Roos.EndToEnd.Tests;

/// <summary>A disk while its machine is off, in the hands of whoever updates or attacks it.</summary>
internal sealed class MachineDisk(string path)
{
    public const string RootType = "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", RootVerityType = "2C7357ED-EBD2-46D9-AEC1-23D437EC2BF5", VarType = "4D21B016-B534-45C2-A9FB-5C16E091FD2D";

    private const string EspType = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";

    /// <summary>The names of the files of EFI/Linux in the ESP.</summary>
    public IReadOnlyList<string> UnifiedKernelImages =>
        [.. Judge.Host("mdir").Must("-b", "-i", Esp, "::EFI/Linux").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(name => name[(name.LastIndexOf('/') + 1)..])];

    /// <summary>The ESP, in the words of mtools.</summary>
    private string Esp => string.Create(CultureInfo.InvariantCulture, $"{path}@@{Partition(EspType).Start}");

    /// <summary>The disk of a <see cref="VirtualMachine"/>.</summary>
    public static MachineDisk Of(string folder) => new(System.IO.Path.Combine(folder, "disk.raw"));

    /// <summary>Offset and length in bytes of the first partition of a type, as sfdisk reads the disk.</summary>
    public (long Start, long Length) Partition(string typeUuid)
    {
        using var table = JsonDocument.Parse(Judge.Host("sfdisk").Must("--json", path));
        var partition = table.RootElement.GetProperty("partitiontable").GetProperty("partitions").EnumerateArray()
            .First(entry => string.Equals(entry.GetProperty("type").GetString(), typeUuid, StringComparison.OrdinalIgnoreCase));
        return (partition.GetProperty("start").GetInt64() * 512, partition.GetProperty("size").GetInt64() * 512);
    }

    /// <summary>Puts a file into the ESP, in place of the one that may be there.</summary>
    public void PutIntoEsp(string file, string name) => Judge.Host("mcopy").Must("-o", "-i", Esp, file, "::" + name);

    /// <summary>Puts a text file into the ESP, in place of the one that may be there.</summary>
    public void WriteIntoEsp(string text, string name)
    {
        using var scratch = new ScratchFolder();
        File.WriteAllText(scratch["file"], text);
        PutIntoEsp(scratch["file"], name);
    }

    /// <summary>Makes a folder in the ESP where it is not there yet.</summary>
    public void MakeFolderInEsp(string name)
    {
        if (Judge.Host("mdir").Run("-b", "-i", Esp, "::" + name).ExitCode != 0) Judge.Host("mmd").Must("-i", Esp, "::" + name);
    }

    public void TakeFromEsp(string name, string file) => Judge.Host("mcopy").Must("-n", "-i", Esp, "::" + name, file);

    public void RenameInEsp(string name, string newName) => Judge.Host("mren").Must("-i", Esp, "::" + name, newName);

    /// <summary>Writes a file's bytes to the beginning of a partition.</summary>
    public void WritePartition(string typeUuid, string file)
    {
        var (start, length) = Partition(typeUuid);
        using var content = File.OpenRead(file);
        Assert.InRange(content.Length, 1, length);
        using var disk = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        disk.Position = start;
        content.CopyTo(disk);
    }

    /// <summary>Changes one byte of a partition.</summary>
    public void ChangeByte(string typeUuid, long offset) => ChangeByteOf(path, Partition(typeUuid).Start + offset);

    /// <summary>Changes one byte of a file.</summary>
    public static void ChangeByteOf(string file, long offset)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = offset;
        var value = stream.ReadByte();
        Assert.NotEqual(-1, value);
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ 1));
    }
}
