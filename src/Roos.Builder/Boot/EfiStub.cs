using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Boot;

/// <summary>The programs of systemd that the firmware starts, in the image's own tree: their version is the image's.</summary>
public static class EfiStub
{
    private const string Folder = "usr/lib/systemd/boot/efi/";

    /// <summary>The stub that UKIs are made on.</summary>
    /// <exception cref="RoosException">It is not in the tree.</exception>
    public static ByteSource Find(FileTree root, string architecture) => FindProgram(root, $"linux{EfiArchitecture.Of(architecture).Suffix}.efi.stub").Content;

    /// <summary>systemd-boot, unsigned.</summary>
    /// <exception cref="RoosException">It is not in the tree.</exception>
    internal static RegularFile FindBootLoader(FileTree root, string architecture) => FindProgram(root, $"systemd-boot{EfiArchitecture.Of(architecture).Suffix}.efi");

    private static RegularFile FindProgram(FileTree root, string name) =>
        root.FindFile(Folder + name) ?? throw new RoosException($"/{Folder}{name} is not in the image, and without it nothing can be booted: add the package that has it, Packages=systemd-boot-efi");
}
