using Roos.Builder.Host;
using Roos.Core;
using Roos.Core.Bytes;
using Roos.Core.Tree;
using Roos.Erofs;
using Roos.Testing;

namespace Roos.Interop.Tests.Erofs;

/// <summary>Images of mkfs.erofs (Debian trixie's 1.8.6, and this machine's), read by Roos.</summary>
public sealed class MkfsImagesTests(MkfsSource source) : IClassFixture<MkfsSource>
{
    private static readonly string[] Layouts =
        ["", "-Efragments", "-Eall-fragments", "-Eztailpacking", "-Ededupe", "-Efragments,dedupe,ztailpacking", "-Eall-fragments,dedupe", "-Elegacy-compress", "-Elegacy-compress,fragments"];

    [Theory]
    [InlineData("lz4", 1 << 12)]
    [InlineData("lz4", 1 << 16)]
    [InlineData("lz4", 1 << 20)]
    [InlineData("deflate,level=1", 1 << 12)]
    [InlineData("deflate,level=1", 1 << 16)]
    [InlineData("zstd,level=1", 1 << 12)]
    [InlineData("zstd,level=1", 1 << 16)]
    [InlineData("zstd,level=1", 1 << 20)]
    public void Of_every_layout_are_read_to_the_source(string compressor, int cluster)
    {
        foreach (var layout in Layouts)
        {
            // mkfs.erofs 1.8.6 stores some incompressible ends wrongly here, and the kernel reads them wrongly too.
            if (layout == "-Eztailpacking" && cluster > 1 << 12) Are_read_to_what_the_kernel_sees($"-z{compressor} -C{cluster} {layout}");
            else CheckSource(Judge.InTree("mkfs.erofs"), $"-z{compressor} -C{cluster} {layout}");
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("-x 2 -Enoinline_data")]
    [InlineData("-Eforce-inode-extended")]
    [InlineData("--chunksize=4096")]
    [InlineData("--chunksize=65536")]
    [InlineData("--xattr-prefix=user.ne -x 1")]
    [InlineData("--xattr-prefix=user.ne -zzstd -Efragments")]
    [InlineData("-zlz4:zstd:deflate -C16384 -Efragments,dedupe")]
    [InlineData("-zzstd,level=3 -C65536 -Eall-fragments=16384")]
    [InlineData("-zlz4hc,level=3 -C65536 -Efragments")]
    [InlineData("-zdeflate,level=9 -C1048576 -Eall-fragments")]
    public void Of_other_options_are_read_to_the_source(string options) => CheckSource(Judge.InTree("mkfs.erofs"), options);

    /// <summary>Only contents: version 1.5 stops at some of the other names.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("-zlz4")]
    [InlineData("-zlz4 -C65536 -Eztailpacking")]
    [InlineData("-zlz4 -C16384 -Efragments")]
    [InlineData("-zlz4 -Ededupe,fragments")]
    [InlineData("-zlz4 -Elegacy-compress")]
    public void Of_this_machines_mkfs_are_read_to_the_source(string options)
    {
        using var scratch = new ScratchFolder();
        Judge.Host("mkfs.erofs").Must([.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), scratch["image"], Path.Combine(source.Folder, "contents")]);
        CheckImage(scratch["image"], new FileTree((DirectoryNode)source.Tree.Find("contents")!), options);
    }

    /// <summary>These images are not of the whole source, so the kernel says what is in them.</summary>
    [Theory]
    [InlineData("-T 77 -x 2")]
    [InlineData("--hard-dereference -zzstd -C65536")]
    [InlineData("--all-root -x -1 -zlz4 -Efragments")]
    public void Are_read_to_what_the_kernel_sees(string options)
    {
        using var scratch = new ScratchFolder();
        Judge.InTree("mkfs.erofs").Must([.. options.Split(' '), scratch["image"], source.Folder]);
        using var mount = new ErofsMount(scratch["image"]);
        CheckImage(scratch["image"], HostDirectory.ReadExact(mount.Path), options);
    }

    [Theory]
    [InlineData("-zlzma", "lzma")]
    [InlineData("-zlz4 -b1024", "2^10 bytes")]
    [InlineData("--chunksize=4096 --blobdev=BLOB", "extra devices")]
    public void Of_other_kinds_are_refused_by_name(string options, string name)
    {
        using var scratch = new ScratchFolder();
        File.WriteAllBytes(scratch["blob"], []);
        Judge.InTree("mkfs.erofs").Must([.. options.Replace("BLOB", scratch["blob"], StringComparison.Ordinal).Split(' '), scratch["image"], source.Folder]);
        using var image = FileSource.Open(scratch["image"]);
        var error = Assert.Throws<DamagedInputException>(() => ErofsReader.Open(image).Verify(TestContext.Current.CancellationToken));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    /// <summary>A Debian root tree, extracted by tar.</summary>
    [Theory]
    [InlineData("-zlz4 -C1048576 -Eall-fragments")]
    [InlineData("-zlz4 -C16384 -Efragments,ztailpacking")]
    [InlineData("-zzstd,level=1 -C65536 -Efragments")]
    public void Of_a_debian_tree_are_read_to_the_source(string options)
    {
        using var scratch = new ScratchFolder();
        Judge.InTree("mkfs.erofs").Must([.. options.Split(' '), scratch["image"], source.DebianFolder]);
        CheckImage(scratch["image"], HostDirectory.ReadExact(source.DebianFolder), options);
    }

    private void CheckSource(Judge mkfs, string options)
    {
        using var scratch = new ScratchFolder();
        mkfs.Must([.. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), scratch["image"], source.Folder]);
        CheckImage(scratch["image"], source.Tree, options);
    }

    private static void CheckImage(string path, FileTree expected, string options)
    {
        using var image = FileSource.Open(path);
        using var reader = ErofsReader.Open(image);
        try
        {
            reader.Verify(TestContext.Current.CancellationToken);
            TreeAssert.Equal(expected, reader.ReadTree(TestContext.Current.CancellationToken));
        }
        catch (Exception e) when (e is DamagedInputException or Xunit.Sdk.XunitException)
        {
            Assert.Fail($"mkfs.erofs {options}: {e.Message}");
        }
    }
}
