using System.Runtime.InteropServices;
using System.Text;
using Roos.Core.Bytes;

namespace Roos.Uki.Tests;

/// <summary>Small PE files made from nothing, shaped as systemd's stub and as kernels are.</summary>
internal static class Pes
{
    public const string StubSbat = "sbat,1,SBAT Version,sbat,1,https://github.com/rhboot/shim/blob/main/SBAT.md\nsystemd-stub,1,The systemd Developers,systemd,257,https://systemd.io/\n";

    public static byte[] Stub(PeMachine machine = PeMachine.X64, int headers = 0x600) =>
        Make(machine, headers, 0x160, (".text", new byte[1000]), (".sbat", Encoding.ASCII.GetBytes(StubSbat)), (".reloc", [1, 2, 3]));

    public static byte[] Kernel(PeMachine machine = PeMachine.X64, ushort characteristics = 0x100) =>
        Make(machine, 0x400, characteristics, (".text", Enumerable.Range(0, 3000).Select(i => (byte)(i % 256)).ToArray()));

    public static byte[] Make(PeMachine machine, int headers, ushort characteristics, params (string Name, byte[] Content)[] sections)
    {
        using var file = new MemoryStream();
        file.Write(new byte[headers]);
        uint address = 0x1000;
        var table = new List<RawSectionHeader>();
        foreach (var (name, content) in sections)
        {
            var at = (uint)file.Length;
            file.Write(content);
            file.SetLength((file.Length + 511) / 512 * 512);
            file.Position = file.Length;
            table.Add(new RawSectionHeader
            {
                Name = RawSectionHeader.SectionName.From(name),
                VirtualSize = (uint)content.Length,
                VirtualAddress = address,
                SizeOfRawData = (uint)file.Length - at,
                PointerToRawData = at,
                Characteristics = 0x40000040,
            });
            address += 0x1000;
        }

        var bytes = file.ToArray();
        "MZ"u8.CopyTo(bytes);
        bytes[60] = 0x40;
        "PE"u8.CopyTo(bytes.AsSpan(0x40));
        var header = new RawFileHeader { Machine = (ushort)machine, NumberOfSections = (ushort)table.Count, SizeOfOptionalHeader = 240, TimeDateStamp = 77, Characteristics = 0x2e };
        MemoryMarshal.Write(bytes.AsSpan(0x44), in header);
        var optional = new RawOptionalHeader
        {
            Magic = 0x20b,
            SizeOfInitializedData = 0x10,
            SectionAlignment = 0x1000,
            FileAlignment = 0x200,
            SizeOfImage = address,
            SizeOfHeaders = (uint)headers - 100, // to be rounded up
            CheckSum = 99,
            Subsystem = 10,
            DllCharacteristics = characteristics,
            NumberOfRvaAndSizes = 16,
        };
        MemoryMarshal.Write(bytes.AsSpan(0x58), in optional);
        MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(table)).CopyTo(bytes.AsSpan(0x148));
        return bytes;
    }

    public static ByteSource Source(byte[] bytes) => ByteSource.FromMemory(bytes);

    public static UkiOptions Options() => new()
    {
        Stub = Source(Stub()),
        Linux = Source(Kernel()),
        Initrds = [Source([1, 2, 3, 4, 5])],
        OsRelease = "ID=debian\nIMAGE_ID=\"roos\"\nIMAGE_VERSION=1\n",
        CommandLine = "quiet roothash=1234",
        KernelVersion = "6.12.1",
    };

    public static UkiProfile Profile(string id, string? title = null, string? commandLine = null) => new() { Name = new UkiProfileName(id, title), CommandLine = commandLine };
}
