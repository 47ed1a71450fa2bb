using Roos.Builder.Host;
using Roos.Core.Bytes;
using Roos.Core.Tar;
using Roos.Core.Tree;
using Roos.Testing;

namespace Roos.Interop.Tests.Tar;

/// <summary>
/// The hostile tree, extracted by GNU tar, and packed again by GNU tar and bsdtar in every format that can hold it: what Roos
/// reads from a tar must be what Linux says about the directory.
/// </summary>
public sealed class GnuTarTests(GnuTarTests.HostileFolder hostile) : IClassFixture<GnuTarTests.HostileFolder>
{
    private static readonly string[] AllMetadata = ["--numeric-owner", "--xattrs", "--xattrs-include=*", "--acls"];

    [Fact]
    public void What_Roos_reads_is_what_GNU_tar_extracts()
    {
        Judge.NeedRoot();
        var tree = TarArchive.Read(ByteSource.FromMemory(hostile.Archive));
        Assert.Empty(TreeComparison.Differences(hostile.Extracted, tree, (path, _) => path.IsEmpty)); // the root is no member
    }

    [Theory]
    [InlineData("posix", "")]
    [InlineData("posix", "--sparse --sparse-version=0.0")]
    [InlineData("posix", "--sparse --sparse-version=0.1")]
    [InlineData("posix", "--sparse --sparse-version=1.0")]
    [InlineData("posix", "--sparse --sort=name --pax-option=globexthdr.name=g,comment=hello")]
    [InlineData("gnu", "--sparse")]
    public void What_GNU_tar_packs_is_read_exactly(string format, string options)
    {
        Judge.NeedRoot();
        using var scratch = new ScratchFolder();
        List<string> arguments = [$"--format={format}", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries), .. format == "gnu" ? ["--numeric-owner"] : AllMetadata];
        var expected = hostile.Extracted;
        if (!arguments.Contains("--sparse"))
        {
            arguments.Add("--exclude=./hostile/sparse"); // 6 GiB of zeros
            expected = expected.Map((path, node) => path == "hostile/sparse" ? null : node);
        }

        if (format == "gnu") expected = WithoutAttributesAndNanoseconds(expected);
        Judge.Host("tar").Must([.. arguments, "-C", hostile.Folder, "-cf", scratch["tar"], "."]);
        using var tar = FileSource.Open(scratch["tar"]);
        // GNU tar packs a fifo with two names as two fifos.
        Assert.Empty(TreeComparison.Differences(expected, TarArchive.Read(tar), (path, _) => path == "hostile/special/fifo-again"));
    }

    [Fact]
    public void What_bsdtar_packs_is_read_exactly()
    {
        Judge.NeedRoot();
        using var scratch = new ScratchFolder();
        // bsdtar does not encode the "=" in the name of an attribute, and writes half a second before the epoch as -1.5.
        string[] exceptions = ["hostile/attributes/binary", "hostile/metadata/time2", "hostile/metadata/time3"];
        Judge.Host("bsdtar").Must(["--format=pax", "--numeric-owner", "--xattrs", "--acls", .. exceptions.Select(path => "--exclude=./" + path), "-C", hostile.Folder, "-cf", scratch["tar"], "."]);
        var expected = hostile.Extracted.Map((path, node) => exceptions.Contains(path.ToString()) ? null : node);
        using var tar = FileSource.Open(scratch["tar"]);
        Assert.Empty(TreeComparison.Differences(expected, TarArchive.Read(tar)));
    }

    [Fact]
    public void A_real_root_tar_is_read_as_GNU_tar_extracts_it()
    {
        Judge.NeedRoot();
        var path = Environment.GetEnvironmentVariable("ROOS_ROOTFS_TAR");
        if (!File.Exists(path)) Assert.Skip("ROOS_ROOTFS_TAR names no tar of a Debian root tree");
        using var scratch = new ScratchFolder();
        using var tar = FileSource.Open(path!);
        var tree = TarArchive.Read(tar);
        Directory.CreateDirectory(scratch["root"]);
        // Without --acls, which would drop the ACLs that mmdebstrap packs as plain attributes.
        Judge.Host("tar").Must("--numeric-owner", "--xattrs", "--xattrs-include=*", "-xp", "-C", scratch["root"], "-f", path!);
        Assert.Empty(TreeComparison.Differences(HostDirectory.ReadExact(scratch["root"]), tree, (entry, _) => entry.IsEmpty));
    }

    private static FileTree WithoutAttributesAndNanoseconds(FileTree tree) => tree.Map((_, node) => node.WithMetadata(new FileMetadata(node.Metadata.Permissions)
    {
        UserId = node.Metadata.UserId,
        GroupId = node.Metadata.GroupId,
        ModificationTime = new Timestamp(node.Metadata.ModificationTime.Seconds, 0),
    }));

    /// <summary>The hostile tree on disk, made once.</summary>
    public sealed class HostileFolder : IDisposable
    {
        private readonly ScratchFolder _scratch = new();
        private readonly Lazy<FileTree> _extracted;

        public HostileFolder()
        {
            var builder = new TarBuilder();
            HostileTree.AddTo(builder);
            Archive = builder.ToArray();
            _extracted = new Lazy<FileTree>(Extract);
        }

        public byte[] Archive { get; }

        public string Folder
        {
            get
            {
                _ = _extracted.Value;
                return _scratch["root"];
            }
        }

        public FileTree Extracted => _extracted.Value;

        public void Dispose() => _scratch.Dispose();

        private FileTree Extract()
        {
            File.WriteAllBytes(_scratch["hostile.tar"], Archive);
            Directory.CreateDirectory(_scratch["root"]);
            Judge.Host("tar").Must([.. AllMetadata, "--warning=no-timestamp", "-xp", "-C", _scratch["root"], "-f", _scratch["hostile.tar"]]);
            return HostDirectory.ReadExact(_scratch["root"]);
        }
    }
}
