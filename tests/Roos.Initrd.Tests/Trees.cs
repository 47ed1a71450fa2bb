using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Initrd.Tests;

/// <summary>Small trees for tests.</summary>
internal static class Trees
{
    public static readonly Timestamp Late = new(2_000_000_000, 0);

    public static RegularFile File(string content, uint permissions = 0x1a4, long seconds = 0) => File(System.Text.Encoding.UTF8.GetBytes(content), permissions, seconds);

    public static RegularFile File(byte[] content, uint permissions = 0x1a4, long seconds = 0) =>
        new(new FileMetadata(permissions) { ModificationTime = new Timestamp(seconds, 0) }, ByteSource.FromMemory(content));

    public static SymbolicLink Link(string target) => new(new FileMetadata(0x1ff), target);

    /// <summary>One of everything.</summary>
    public static FileTree Everything()
    {
        var hard = File("twice", seconds: 5);
        return new FileTreeBuilder()
            .SetDirectory("etc", new FileMetadata(0x1ed) { UserId = 1, GroupId = 70000 })
            .Set("etc/empty", File(""))
            .Set("etc/hard-a", hard)
            .Set("etc/hard-b", hard)
            .Set("etc/set", File("#!", 0xded))
            .Set("etc/link", Link("../usr/lib/os-release"))
            .Set("dev/console", new DeviceNode(new FileMetadata(0x180), isBlockDevice: false, 5, 1))
            .Set("dev/disk", new DeviceNode(new FileMetadata(0x180), isBlockDevice: true, 259, 70000))
            .Set("run/fifo", new FifoNode(new FileMetadata(0x180)))
            .Set("run/socket", new SocketNode(new FileMetadata(0x180)))
            .Set("\xff not UTF-8"u8, File("x"))
            .Build();
    }
}
