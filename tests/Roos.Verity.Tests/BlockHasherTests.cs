using System.Diagnostics;
using System.Security.Cryptography;

namespace Roos.Verity.Tests;

public sealed class BlockHasherTests
{
    private const string ResultVariable = "ROOS_TEST_VERITY_RESULT";

    /// <summary>129 blocks, from veritysetup 2.6.1 (see <see cref="VerityTreeTests"/>).</summary>
    private const string RootHashOfPattern = "0b30719ba4e23a47191b64172d908711d0bdb205167ecd57eb70426bc6b13b32";

    public static TheoryData<int> Lanes()
    {
        var lanes = new TheoryData<int>(1);
        if (Avx2Lanes.IsSupported) lanes.Add(8);
        if (Avx512Lanes.IsSupported) lanes.Add(16);
        return lanes;
    }

    [Theory]
    [MemberData(nameof(Lanes))]
    public void Any_number_of_blocks(int lanes)
    {
        for (var count = 0; count <= 33; count++) Check(Pattern.Blocks(count), Pattern.Salt, lanes);
        Check(Pattern.Blocks(257), Pattern.Salt, lanes);
    }

    [Theory]
    [MemberData(nameof(Lanes))]
    public void Any_length_of_salt(int lanes)
    {
        for (var length = 0; length <= VerityGeometry.MaximumSaltSize; length++)
        {
            Check(Pattern.Blocks(16), [.. Enumerable.Range(0, length).Select(i => unchecked((byte)((i * 7) + length)))], lanes);
        }
    }

    [Theory]
    [MemberData(nameof(Lanes))]
    public void Zeros_among_the_blocks(int lanes)
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var random = new Random(seed);
            var blocks = Pattern.Blocks(random.Next(1, 70));
            for (var at = 0; at < blocks.Length; at += 4096)
            {
                if (random.Next(3) > 0) continue;
                blocks.AsSpan(at, 4096).Clear();
                if (random.Next(3) == 0) blocks[at + random.Next(4096)] = 1; // nearly zeros
            }

            Check(blocks, Pattern.Salt, lanes);
        }
    }

    /// <summary>The same bytes from a process that may not use the wider instructions: its root hash is that of this one.</summary>
    [Theory]
    [InlineData("DOTNET_EnableAVX512", 8)]
    [InlineData("DOTNET_EnableAVX2", 1)]
    [InlineData("DOTNET_EnableHWIntrinsic", 1)]
    public void Every_path_is_chosen_and_makes_the_same_tree(string switchedOff, int lanes)
    {
        var folder = Directory.CreateTempSubdirectory("roos-verity-");
        try
        {
            var result = Path.Combine(folder.FullName, "result");
            var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
            if (Path.GetFileNameWithoutExtension(start.FileName) == "dotnet") start.ArgumentList.Add(typeof(BlockHasherTests).Assembly.Location);
            foreach (var argument in (string[])["-method", $"{typeof(BlockHasherTests).FullName}.{nameof(The_root_hash_of_the_pattern)}"]) start.ArgumentList.Add(argument);
            start.Environment[switchedOff] = "0";
            start.Environment[ResultVariable] = result;
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEnd();
            Assert.True(process.WaitForExit(TimeSpan.FromMinutes(2)), "the other process did not end within two minutes");
            Assert.True(process.ExitCode == 0, output);
            Assert.Equal($"{Math.Min(lanes, BlockHasher.BestLanes)} lanes, {RootHashOfPattern}", File.ReadAllText(result));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>Also run by the test above, in other processes.</summary>
    [Fact]
    public void The_root_hash_of_the_pattern()
    {
        var rootHash = Convert.ToHexStringLower(VerityRootHash.Compute(Pattern.Source(Pattern.Blocks(129)), Pattern.Salt, workers: 2));
        if (Environment.GetEnvironmentVariable(ResultVariable) is { } path) File.WriteAllText(path, $"{BlockHasher.BestLanes} lanes, {rootHash}");
        Assert.Equal(RootHashOfPattern, rootHash);
    }

    private static void Check(byte[] blocks, byte[] salt, int lanes)
    {
        var digests = new byte[blocks.Length / 4096 * 32];
        new BlockHasher(salt, lanes).Hash(blocks, digests);
        for (var block = 0; block < blocks.Length / 4096; block++)
        {
            var expected = SHA256.HashData([.. salt, .. blocks.AsSpan(block * 4096, 4096)]);
            Assert.True(expected.AsSpan().SequenceEqual(digests.AsSpan(block * 32, 32)), $"block {block} of {blocks.Length / 4096}, salt of {salt.Length} bytes, {lanes} lanes");
        }
    }
}
