using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Uki.Tests;

public sealed class SignedPeTests
{
    private static readonly byte[] First = Der(10);
    private static readonly byte[] Second = Der(300);

    [Fact]
    public void Raw_structs_have_the_sizes_of_the_format() => Assert.Equal(RawWinCertificate.Size, Unsafe.SizeOf<RawWinCertificate>());

    [Fact]
    public void The_table_is_laid_out_as_the_format_says()
    {
        var unsigned = Kernel();
        var signed = Sign(unsigned, First, Second);
        var at = unsigned.Length;
        Assert.Equal((uint)at, BitConverter.ToUInt32(signed, 0x58 + 112 + 32));
        Assert.Equal((uint)(signed.Length - at), BitConverter.ToUInt32(signed, 0x58 + 112 + 36));
        Assert.Equal([20, 0, 0, 0, 0, 2, 2, 0, .. First, 0, 0, 0, 0], signed[at..(at + 24)]);
        Assert.Equal([0x38, 1, 0, 0, 0, 2, 2, 0, .. Second], signed[(at + 24)..]);
        Assert.Equal(0, signed.Length % 8);
        Assert.Equal([First, Second], CertificateTable.Read(Pes.Source(signed)));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(8)]
    public void The_digest_does_not_depend_on_signatures_and_covers_everything_else(int after)
    {
        byte[] unsigned = [.. Stub(), .. Enumerable.Repeat((byte)9, after)];
        var digest = PeDigest.Sha256(Pes.Source(unsigned));
        Assert.Equal(digest, PeDigest.Sha256(Pes.Source(Sign(unsigned, First))));
        Assert.Equal(digest, PeDigest.Sha256(Pes.Source(Sign(Sign(unsigned, First), First, Second))));
        byte[] expected = [.. unsigned[..0x98], .. unsigned[0x9c..(0x58 + 112 + 32)], .. unsigned[(0x58 + 112 + 40)..], .. new byte[(8 - (after % 8)) % 8]];
        Assert.Equal(SHA256.HashData(expected), digest);
        Assert.Equal(SHA384.HashData(expected), PeDigest.Compute(Pes.Source(unsigned), HashAlgorithmName.SHA384));
    }

    [Theory]
    [InlineData(0, 0u)]
    [InlineData(1, 0u)]
    [InlineData(8, 0u)]
    [InlineData(9, 0u)]
    [InlineData(0, 1u)]
    [InlineData(8, 1u)]
    public void Without_signatures_the_file_is_what_it_was(int after, uint checkSum)
    {
        byte[] unsigned = [.. WithCheckSum(Kernel(), 0), .. Enumerable.Repeat((byte)9, after)];
        if (checkSum != 0) unsigned = WithCheckSum(unsigned, SlowCheckSum(unsigned));
        var signed = Sign(unsigned, First, Second);
        var restored = Sign(signed);
        Assert.Empty(CertificateTable.Read(Pes.Source(restored)));

        // Where something that is no section has no length of a multiple of 8, nobody knows any more how long it was.
        Assert.Equal(after == 0 ? unsigned : [.. unsigned, .. new byte[restored.Length - unsigned.Length]], restored);
        Assert.InRange(restored.Length - unsigned.Length, 0, 7);
        Assert.Equal(Sign(unsigned, Second), Sign(signed, Second));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(200_001)]
    public void A_checksum_is_computed_anew_where_there_was_one(int after)
    {
        byte[] unsigned = [.. Kernel(), .. Enumerable.Range(0, after).Select(i => (byte)(i * 7 % 256))];
        var signed = Sign(unsigned, Second);
        Assert.Equal(SlowCheckSum(signed), BitConverter.ToUInt32(signed, 0x98));
        Assert.Equal(0u, BitConverter.ToUInt32(Sign(WithCheckSum(unsigned, 0), Second), 0x98));
    }

    [Fact]
    public void A_planned_uki_is_hashed_and_signed_before_it_is_written()
    {
        var uki = UkiImage.Plan(Pes.Options());
        Assert.Equal(uki.ToArray(), uki.Bytes.ToArray());
        Assert.Equal(PeDigest.Sha256(Pes.Source(uki.ToArray())), PeDigest.Sha256(uki.Bytes));
        var signed = SignedPe.Plan(uki.Bytes, [First]);
        Assert.Equal(signed.Length, signed.ToArray().Length);
        Assert.Equal(uki.ToArray(), Sign(signed.ToArray()));
    }

    [Fact]
    public void Padding_that_a_signer_counted_is_no_part_of_the_signature()
    {
        var signed = Sign(Kernel(), First);
        signed[Kernel().Length] = 24; // as systemd-sbsign writes dwLength
        Assert.Equal([First], CertificateTable.Read(Pes.Source(signed)));
    }

    [Fact]
    public void Damaged_tables_are_refused()
    {
        var unsigned = Kernel();
        var at = unsigned.Length;
        var signed = Sign(unsigned, First, Second);
        Assert.Equal(2, CertificateTable.Read(Pes.Source(signed)).Count);

        Refused("the end of the file", [.. signed, 0]);
        Refused("not within the file's", signed[..^8]);
        Refused("begins at a multiple of 8; found offset", Changed(bytes => BitConverter.TryWriteBytes(bytes.AsSpan(0x58 + 112 + 32), at - 4)));
        Refused("the end of the file", Changed(bytes => BitConverter.TryWriteBytes(bytes.AsSpan(0x58 + 112 + 36), 24)));
        Refused("not within the file's", Changed(bytes => BitConverter.TryWriteBytes(bytes.AsSpan(0x58 + 112 + 36), uint.MaxValue)));
        Refused("more than 8 bytes", Changed(bytes => bytes[at] = 0));
        Refused("more than 8 bytes", Changed(bytes => bytes[at] = 8));
        Refused("more than 8 bytes", Changed(bytes => bytes[at + 3] = 255));
        Refused("revision 0x100", Changed(bytes => bytes[at + 5] = 1));
        Refused("type 0xef1", Changed(bytes => (bytes[at + 6], bytes[at + 7]) = (0xf1, 0x0e)));
        Refused("is no PKCS#7 in DER", Changed(bytes => bytes[at + 8] = 0x31));
        Refused("is no PKCS#7 in DER", Changed(bytes => bytes[at + 9]++));
        Refused("is no PKCS#7 in DER", Changed(bytes => bytes[at + 24 + 8 + 1] = 0x80));
        Refused("is no PKCS#7 in DER", Changed(bytes => bytes[at + 24 + 8 + 1] = 0xff));
        Refused("1 to 1048576 bytes; found 0", [.. WithDirectory(unsigned, at, 0)]);
        Refused("1 to 1048576 bytes; found 1048584", [.. WithDirectory(unsigned, at, (1 << 20) + 8), .. new byte[(1 << 20) + 8]]);
        Refused("a head of 8 bytes, and the table ends 4 bytes after", [.. WithDirectory(unsigned, at, 28), .. signed[at..(at + 28)]]);

        byte[] Changed(Action<byte[]> change)
        {
            var bytes = signed.ToArray();
            change(bytes);
            return bytes;
        }
    }

    [Fact]
    public void Files_that_readers_would_hash_differently_are_refused()
    {
        var table = 0x148;
        Refused("overlaps what is before it", Changed(bytes => bytes[table + 40 + 21] -= 2));
        Refused("does not follow what is before it", Changed(bytes => bytes[table + 40 + 21] += 2));
        Refused("overlaps what is before it", Changed(bytes => BitConverter.TryWriteBytes(bytes.AsSpan(0x58 + 60), 0x800)));
        Refused("does not follow what is before it", Changed(bytes => BitConverter.TryWriteBytes(bytes.AsSpan(0x58 + 60), 0x400)));
        Refused("SizeOfHeaders is from", Changed(bytes => BitConverter.TryWriteBytes(bytes.AsSpan(0x58 + 60), 0x100)));
        Refused("SizeOfHeaders is from", Changed(bytes => BitConverter.TryWriteBytes(bytes.AsSpan(0x58 + 60), uint.MaxValue)));
        Refused("found 4 data directories", Changed(bytes => bytes[0x58 + 108] = 4));

        // One section ends behind the file.
        Refused("the sections end at", Changed(bytes => BitConverter.TryWriteBytes(bytes.AsSpan(table + 80 + 16), 0x400)));
    }

    [Fact]
    public void Signatures_that_are_none_are_refused()
    {
        Assert.Contains("PKCS#7 in DER", Assert.Throws<RoosException>(() => Sign(Kernel(), [1, 2, 3])).Message, StringComparison.Ordinal);
        Assert.Contains("PKCS#7 in DER", Assert.Throws<RoosException>(() => Sign(Kernel(), [.. First, 0])).Message, StringComparison.Ordinal);
        Assert.Contains("at most 1048576 bytes", Assert.Throws<RoosException>(() => Sign(Kernel(), Der(1 << 20))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_damage_is_reported_of_hostile_bytes()
    {
        var random = new Random(5);
        var signed = Sign(Stub(), First, Second);
        var (refused, read) = (0, 0);
        for (var i = 0; i < 8000; i++)
        {
            var bytes = signed.ToArray();
            for (var k = random.Next(1, 4); k > 0; k--)
            {
                var interesting = random.Next(3) switch { 0 => 0x3c + random.Next(0x1b0), 1 => 0x58 + 112 + 32 + random.Next(8), _ => bytes.Length - 360 + random.Next(360) };
                bytes[interesting] = (byte)(random.Next(3) == 0 ? random.Next(256) : bytes[interesting] ^ (1 << random.Next(8)));
            }

            if (random.Next(10) == 0) bytes = bytes[..random.Next(bytes.Length)];
            try
            {
                var source = Pes.Source(bytes);
                var signatures = CertificateTable.Read(source);
                Assert.Equal(PeDigest.Sha256(source), PeDigest.Sha256(SignedPe.Plan(source, signatures).Bytes));
                read++;
            }
            catch (DamagedInputException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 500, 7500);
        Assert.InRange(read, 500, 7500);
    }

    private static byte[] Changed(Action<byte[]> change)
    {
        var bytes = Stub();
        PeDigest.Sha256(Pes.Source(bytes));
        change(bytes);
        return bytes;
    }

    private static byte[] Stub() => Signable(Pes.Stub(), 0x600);

    private static byte[] Kernel() => Signable(Pes.Kernel(), 0x400);

    /// <summary>Headers that reach up to the first section.</summary>
    private static byte[] Signable(byte[] bytes, int headers)
    {
        BitConverter.TryWriteBytes(bytes.AsSpan(0x58 + 60), headers);
        return bytes;
    }

    private static byte[] WithCheckSum(byte[] bytes, uint value)
    {
        var result = bytes.ToArray();
        BitConverter.TryWriteBytes(result.AsSpan(0x98), value);
        return result;
    }

    private static byte[] WithDirectory(byte[] bytes, int at, int size)
    {
        var result = bytes.ToArray();
        BitConverter.TryWriteBytes(result.AsSpan(0x58 + 112 + 32), at);
        BitConverter.TryWriteBytes(result.AsSpan(0x58 + 112 + 36), size);
        return result;
    }

    /// <summary>As the format's text says it, word by word.</summary>
    private static uint SlowCheckSum(byte[] bytes)
    {
        var zeroed = WithCheckSum(bytes, 0);
        uint sum = 0;
        for (var i = 0; i < zeroed.Length; i += 2)
        {
            sum += (uint)(zeroed[i] | (i + 1 < zeroed.Length ? zeroed[i + 1] << 8 : 0));
            sum = (sum & 0xffff) + (sum >> 16);
        }

        return sum + (uint)bytes.Length;
    }

    private static void Refused(string reason, byte[] bytes) =>
        Assert.Contains(reason, Assert.Throws<DamagedInputException>(() => CertificateTable.Read(Pes.Source(bytes))).Message, StringComparison.Ordinal);

    private static byte[] Sign(byte[] program, params IReadOnlyList<byte[]> signatures) => SignedPe.Plan(Pes.Source(program), signatures).ToArray();

    private static byte[] Der(int content)
    {
        byte[] head = content < 0x80 ? [0x30, (byte)content] : content <= ushort.MaxValue ? [0x30, 0x82, (byte)(content >> 8), (byte)(content & 0xff)] : [0x30, 0x83, (byte)(content >> 16), (byte)(content >> 8 & 0xff), (byte)(content & 0xff)];
        return [.. head, .. Enumerable.Repeat((byte)7, content)];
    }
}
