using System.Text;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Initrd.Cpio;

namespace Roos.Initrd.Tests;

public sealed class MicrocodeTests
{
    [Fact]
    public void Files_are_joined_in_order_at_multiples_of_16()
    {
        var tree = new FileTreeBuilder()
            .Set("usr/lib/firmware/amd-ucode/microcode_amd_fam17h.bin", Trees.File("B"))
            .Set("usr/lib/firmware/amd-ucode/microcode_amd.bin", Trees.File("A"))
            .Set("usr/lib/firmware/amd-ucode/microcode_amd.bin.asc", Trees.File("signature"))
            .Set("usr/lib/firmware/amd-ucode/README", Trees.File("text"))
            .Set("usr/lib/firmware/intel-ucode/06-a0-01", Trees.File("I"))
            .Build();
        var bytes = Microcode.Plan(tree, Trees.Late)!.ToArray();
        var members = CpioReader.ReadArchive(ByteSource.FromMemory(bytes), out _);
        Assert.Equal(
            ["kernel", "kernel/x86", "kernel/x86/microcode", "kernel/x86/microcode/AuthenticAMD.bin", "kernel/x86/microcode/GenuineIntel.bin"],
            members.Select(member => member.Name.ToString()));
        Assert.Equal("AB", Encoding.ASCII.GetString(members[3].Data.ToArray()));
        Assert.Equal("I", Encoding.ASCII.GetString(members[4].Data.ToArray()));
        Assert.Equal(0, bytes.AsSpan().IndexOf("AB\0\0"u8) % 16);
        Assert.Equal(0, bytes.AsSpan().IndexOf("I\0\0\0"u8) % 16);
    }

    [Fact]
    public void No_microcode_is_no_archive()
    {
        Assert.Null(Microcode.Plan(FileTree.Empty, Trees.Late));
        Assert.Null(Microcode.Plan(new FileTreeBuilder().Set("usr/lib/firmware/amd-ucode/README", Trees.File("x")).Build(), Trees.Late));
    }
}
