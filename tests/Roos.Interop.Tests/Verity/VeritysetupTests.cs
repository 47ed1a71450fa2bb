using Roos.Core.Bytes;
using Roos.Core.Identity;
using Roos.Testing;
using Roos.Verity;

namespace Roos.Interop.Tests.Verity;

/// <summary>Hash devices against veritysetup, of this machine and of trixie.</summary>
public sealed class VeritysetupTests
{
    private const string Salt = "06ee1724a76edc5ca057a830c8c63c0e5c3bae97fcb535b9651f20481ea30b37";
    private const string VolumeUuid = "dd9bec71-be85-43db-9c50-960aa9783080";

    public static TheoryData<bool, int> Cases
    {
        get
        {
            var cases = new TheoryData<bool, int>();
            foreach (var blocks in new[] { 1, 2, 3, 127, 128, 129, 255, 256, 257, 4711, 16384, 16385, 16513 })
            {
                cases.Add(false, blocks);
                cases.Add(true, blocks);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Hash_devices_are_equal_byte_for_byte(bool trixie, int blocks)
    {
        var judge = Veritysetup(trixie);
        using var scratch = new ScratchFolder();
        var data = Data(blocks);
        File.WriteAllBytes(scratch["data"], data);
        var said = judge.Must("format", "--salt=" + Salt, "--uuid=" + VolumeUuid, scratch["data"], scratch["hash"]);

        var tree = Tree(data);
        Assert.Contains(tree.RootHashText, said, StringComparison.Ordinal);
        Assert.Equal(File.ReadAllBytes(scratch["hash"]), tree.HashDevice.ToArray());

        File.WriteAllBytes(scratch["ours"], tree.HashDevice.ToArray());
        judge.Must("verify", scratch["data"], scratch["ours"], tree.RootHashText);
    }

    [Theory]
    [InlineData(200 * 4096)]
    [InlineData(299 * 4096)]
    public void Faults_have_the_positions_that_veritysetup_names(int offset)
    {
        var judge = Veritysetup(trixie: false);
        using var scratch = new ScratchFolder();
        var data = Data(300);
        var tree = Tree(data);
        data[offset + 7] ^= 0x40;
        File.WriteAllBytes(scratch["data"], data);
        File.WriteAllBytes(scratch["hash"], tree.HashDevice.ToArray());
        var result = judge.Run("verify", scratch["data"], scratch["hash"], tree.RootHashText);
        var verdict = VerityVolume.Open(ByteSource.FromMemory(tree.HashDevice.ToArray())).Verify(ByteSource.FromMemory(data), tree.RootHash);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains($"Verification failed at position {verdict.Position}.", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void The_command_prints_what_veritysetup_prints(bool trixie)
    {
        var judge = Veritysetup(trixie);
        var roos = RoosProgram.Judge();
        using var scratch = new ScratchFolder();
        File.WriteAllBytes(scratch["data"], Data(300));
        foreach (var salt in new[] { Salt, "-" })
        {
            string[] arguments = ["format", scratch["data"], scratch["hash"], "--salt=" + salt, "--uuid=" + VolumeUuid];
            var theirs = judge.Must(arguments);
            var theirDevice = File.ReadAllBytes(scratch["hash"]);
            var theirDump = judge.Must("dump", scratch["hash"]);
            File.Delete(scratch["hash"]);
            Assert.Equal(theirs, roos.Must(["verity", .. arguments]));
            Assert.Equal(theirDevice, File.ReadAllBytes(scratch["hash"]));
            Assert.Equal(theirDump, roos.Must("verity", "dump", scratch["hash"]));
            var rootHash = theirs.Split('\n').Single(line => line.StartsWith("Root hash:", StringComparison.Ordinal)).Split('\t')[1];
            Assert.Equal("", roos.Must("verity", "verify", scratch["data"], scratch["hash"], rootHash));
            Assert.Equal(1, roos.Run("verity", "verify", scratch["data"], scratch["hash"], new string('0', 64)).ExitCode);
        }
    }

    [Fact]
    public void Without_salt_and_uuid_a_device_is_its_own_and_verifies()
    {
        var judge = Veritysetup(trixie: false);
        var roos = RoosProgram.Judge();
        using var scratch = new ScratchFolder();
        File.WriteAllBytes(scratch["data"], Data(130));
        var first = RootHash(roos.Must("verity", "format", scratch["data"], scratch["hash"]));
        Assert.NotEqual(first, RootHash(roos.Must("verity", "format", scratch["data"], scratch["again"])));
        judge.Must("verify", scratch["data"], scratch["hash"], first);
    }

    /// <summary>The device keeps its node, and nothing of what was on it before is left between the parts of the tree.</summary>
    [Fact]
    public void A_hash_device_may_be_a_device()
    {
        Judge.NeedRoot();
        var judge = Veritysetup(trixie: false);
        var losetup = Judge.Host("losetup");
        var roos = RoosProgram.Judge();
        using var scratch = new ScratchFolder();
        File.WriteAllBytes(scratch["data"], Data(130));
        var before = new byte[1 << 20];
        before.AsSpan().Fill(0xff);
        File.WriteAllBytes(scratch["hash"], before);
        var device = losetup.Must("--find", "--show", scratch["hash"]).Trim();
        try
        {
            var rootHash = RootHash(roos.Must("verity", "format", scratch["data"], device));
            Assert.Equal("block special file", Judge.Host("stat").Must("--format=%F", device).Trim());
            judge.Must("verify", scratch["data"], device, rootHash);
        }
        finally
        {
            losetup.Must("--detach", device);
        }

        var written = File.ReadAllBytes(scratch["hash"]);
        Assert.False(written.AsSpan(512, 4096 - 512).ContainsAnyExcept((byte)0));
    }

    [Fact]
    public void Bad_input_is_refused_in_one_sentence()
    {
        var roos = RoosProgram.Judge();
        using var scratch = new ScratchFolder();
        File.WriteAllBytes(scratch["empty"], []);
        File.WriteAllBytes(scratch["odd"], new byte[5000]);
        File.WriteAllBytes(scratch["block"], new byte[4096]);
        Refused(1, "is empty", "format", scratch["empty"], scratch["hash"]);
        Refused(1, "multiple of 4096 bytes; found 5000", "format", scratch["odd"], scratch["hash"]);
        Refused(1, "cannot be read", "format", scratch["absent"], scratch["hash"]);
        Refused(2, "Data area overlaps with hash area", "format", scratch["block"], scratch["block"]);
        Refused(2, "Invalid salt string specified", "format", scratch["block"], scratch["hash"], "--salt=abc");
        Refused(2, "Wrong VERITY UUID format", "format", scratch["block"], scratch["hash"], "--uuid=x");
        Refused(1, "is not a valid VERITY device", "dump", scratch["block"]);
        Refused(2, "Invalid root hash string specified", "verify", scratch["block"], scratch["block"], "00");
        Assert.False(File.Exists(scratch["hash"]));

        void Refused(int status, string sentence, params string[] arguments)
        {
            var result = roos.Run(["verity", .. arguments]);
            Assert.True(result.ExitCode == status, result.ToString());
            Assert.Contains(sentence, result.Error, StringComparison.Ordinal);
            Assert.Single(result.Error.TrimEnd().Split('\n'));
        }
    }

    private static Judge Veritysetup(bool trixie) => trixie ? Judge.InTree("veritysetup") : Judge.Host("veritysetup");

    private static string RootHash(string said) => said.Split('\n').Single(line => line.StartsWith("Root hash:", StringComparison.Ordinal)).Split('\t')[1];

    private static byte[] Data(int blocks)
    {
        var data = new byte[blocks * 4096];
        new Random(blocks).NextBytes(data);
        if (blocks > 2) data.AsSpan(4096, 8192).Clear();
        return data;
    }

    private static VerityTree Tree(byte[] data)
    {
        var sink = new VeritySink(new VerityOptions { Salt = Convert.FromHexString(Salt), Uuid = Uuid.Parse(VolumeUuid), Workers = 2 });
        sink.Write(data);
        return sink.Complete();
    }
}
