using System.Runtime.CompilerServices;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Uki.Tests;

public sealed class UkiImageTests
{
    [Fact]
    public void Raw_structs_have_the_sizes_of_the_format()
    {
        Assert.Equal(RawFileHeader.Size, Unsafe.SizeOf<RawFileHeader>());
        Assert.Equal(RawOptionalHeader.Size, Unsafe.SizeOf<RawOptionalHeader>());
        Assert.Equal(RawSectionHeader.Size, Unsafe.SizeOf<RawSectionHeader>());
    }

    [Fact]
    public void Sections_follow_each_other_aligned_with_their_exact_lengths()
    {
        var image = UkiImage.Plan(Pes.Options());
        var bytes = image.ToArray();
        Assert.Equal(image.Length, bytes.Length);
        Assert.Equal(bytes, image.ToArray());
        var read = PeImage.Read(Pes.Source(bytes));
        Assert.Equal(".text .sbat .reloc .osrel .cmdline .uname .linux .initrd", string.Join(' ', read.Sections.Select(section => section.Name)));
        var last = read.Sections[2];
        var initialized = 0x10L;
        foreach (var section in read.Sections.Skip(3))
        {
            Assert.Equal((last.VirtualAddress + last.VirtualSize + 0xfff) / 0x1000 * 0x1000, section.VirtualAddress);
            Assert.Equal(last.FileOffset + last.FileSize, section.FileOffset);
            Assert.Equal((section.VirtualSize + 0x1ff) / 0x200 * 0x200, section.FileSize);
            Assert.Equal(section.Name == ".linux" ? 0x40000020u : 0x40000040u, section.Characteristics);
            Assert.Equal(section.VirtualSize, section.Content.Length);
            initialized += section.VirtualSize;
            last = section;
        }

        Assert.Equal((uint)bytes.Length, last.FileOffset + last.FileSize);
        Assert.Equal(initialized, read.OptionalHeader.SizeOfInitializedData.Value);
        Assert.Equal((last.VirtualAddress + last.VirtualSize + 0xfff) / 0x1000 * 0x1000, read.OptionalHeader.SizeOfImage.Value);
        Assert.Equal(0u, read.OptionalHeader.CheckSum.Value);
        Assert.Equal(77u, read.FileHeader.TimeDateStamp.Value);
        Assert.Equal(0x600u, read.OptionalHeader.SizeOfHeaders.Value); // rounded up
        Assert.Equal(Pes.Kernel(), read.Find(".linux")!.Content.ToArray());
        Assert.Equal("quiet roothash=1234", Encoding.UTF8.GetString(read.Find(".cmdline")!.Content.ToArray()));
    }

    [Fact]
    public void The_sbat_of_the_stub_is_replaced_in_place_by_everybodys()
    {
        var kernel = Pes.Make(PeMachine.X64, 0x400, 0x100, (".sbat", "sbat,1,x\nlinux,1,Debian\n"u8.ToArray()));
        var read = PeImage.Read(Pes.Source(UkiImage.Plan(Pes.Options() with { Linux = Pes.Source(kernel) }).ToArray()));
        var expected = Pes.StubSbat + "linux,1,Debian\nuki,1,UKI,uki,1,https://uapi-group.org/specifications/specs/unified_kernel_image/\n\0";
        Assert.Equal(expected, Encoding.ASCII.GetString(read.Find(".sbat")!.Content.ToArray()));
        Assert.Equal(0x200u, read.Find(".sbat")!.FileSize);

        var large = Pes.Make(PeMachine.X64, 0x400, 0x100, (".sbat", Encoding.ASCII.GetBytes("sbat,1,x\n" + new string('l', 300) + "\n")));
        Assert.Contains("Not enough space in the EFI stub's .sbat section", Refusal(Pes.Options() with { Linux = Pes.Source(large) }), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0x100, true)]
    [InlineData(0x000, false)]
    public void The_image_is_NX_compatible_only_where_the_kernel_is(ushort kernel, bool expected) =>
        Assert.Equal(expected, PeImage.Read(Pes.Source(UkiImage.Plan(Pes.Options() with { Linux = Pes.Source(Pes.Kernel(characteristics: kernel)) }).ToArray())).IsNxCompatible);

    [Fact]
    public void Everything_has_its_place_in_the_order()
    {
        var part = Pes.Source([1]);
        var options = Pes.Options() with
        {
            Stub = Pes.Source(Pes.Make(PeMachine.X64, 0x800, 0x160, (".text", new byte[10]), (".sbat", Encoding.ASCII.GetBytes(Pes.StubSbat)))),
            Microcode = part,
            Splash = part,
            DeviceTree = part,
            AutomaticDeviceTrees = [part, part],
            PcrPublicKey = part,
            Profiles = [Pes.Profile("a", "A", "one"), Pes.Profile("b")],
        };
        var read = PeImage.Read(Pes.Source(UkiImage.Plan(options).ToArray()));
        Assert.Equal(
            ".text .sbat .osrel .cmdline .dtb .dtbauto .dtbauto .uname .splash .pcrpkey .linux .initrd .ucode .profile .profile .osrel .cmdline .profile .osrel",
            string.Join(' ', read.Sections.Select(section => section.Name)));
    }

    [Theory]
    [InlineData(1, new byte[] { 1, 2, 3, 4, 5 })]
    [InlineData(2, new byte[] { 1, 2, 3, 4, 5, 0, 0, 0, 6, 0, 0, 0 })]
    [InlineData(3, new byte[] { 1, 2, 3, 4, 5, 0, 0, 0, 6, 0, 0, 0, 7, 8, 9, 10 })]
    public void Several_initrds_are_each_filled_to_four_bytes(int count, byte[] expected)
    {
        ByteSource[] initrds = [Pes.Source([1, 2, 3, 4, 5]), Pes.Source([6]), Pes.Source([7, 8, 9, 10])];
        var read = PeImage.Read(Pes.Source(UkiImage.Plan(Pes.Options() with { Initrds = initrds[..count] }).ToArray()));
        Assert.Equal(expected, read.Find(".initrd")!.Content.ToArray());
    }

    [Fact]
    public void Every_profile_but_the_base_sorts_behind_it()
    {
        var uki = UkiReader.Read(Pes.Source(UkiImage.Plan(Pes.Options() with
        {
            Profiles = [Pes.Profile("factory-reset", "Factory Reset", "wipe"), Pes.Profile("storage-target")],
        }).ToArray()));
        Assert.Equal([(0, "main", null), (1, "factory-reset", "Factory Reset"), (2, "storage-target", null)], uki.Profiles.Select(profile => (profile.Index, profile.Id, profile.Title)));
        Assert.Equal(["quiet roothash=1234", "wipe", "quiet roothash=1234"], uki.Profiles.Select(profile => profile.CommandLine));
        Assert.Equal(["roos", "roos-factory-reset", "roos-storage-target"], uki.Profiles.Select(profile => OsRelease.Find(profile.OsRelease!, "IMAGE_ID")));
        Assert.Equal("6.12.1", uki.Profiles[2].KernelVersion);
        Assert.Equal("ID=main", uki.Base.Text(".profile"));
    }

    [Fact]
    public void A_uki_without_profiles_has_one()
    {
        var uki = UkiReader.Read(Pes.Source(UkiImage.Plan(Pes.Options()).ToArray()));
        Assert.Null(uki.Base.Id);
        Assert.Equal("quiet roothash=1234", uki.Base.CommandLine);
        Assert.Single(uki.Profiles);
    }

    [Fact]
    public void What_does_not_fit_together_is_refused()
    {
        Assert.Contains("stub is for x86-64 and the kernel for arm64", Refusal(Pes.Options() with { Linux = Pes.Source(Pes.Kernel(PeMachine.Arm64)) }), StringComparison.Ordinal);
        Assert.Contains("stub is for machine 0x01c4", Refusal(Pes.Options() with { Stub = Pes.Source(Pes.Stub((PeMachine)0x1c4)) }), StringComparison.Ordinal);
        var signed = Pes.Stub();
        BitConverter.TryWriteBytes(signed.AsSpan(0x58 + 112 + 32), 0x600);
        BitConverter.TryWriteBytes(signed.AsSpan(0x58 + 112 + 36), 8);
        Assert.Contains("is signed", Refusal(Pes.Options() with { Stub = Pes.Source(signed) }), StringComparison.Ordinal);
        Assert.Contains("kernel: a PE file begins with \"MZ\"", Refusal(Pes.Options() with { Linux = Pes.Source(new byte[1000]) }), StringComparison.Ordinal);
        Assert.Contains("kernel", Refusal(Pes.Options() with { Linux = ByteSource.Empty }), StringComparison.Ordinal);
        Assert.Contains("4 GiB", Refusal(Pes.Options() with { Initrds = [ByteSource.Zeros(1L << 32)] }), StringComparison.Ordinal);
        Assert.Contains("\"a\" is there twice", Refusal(Pes.Options() with { Profiles = [Pes.Profile("a"), Pes.Profile("a")] }), StringComparison.Ordinal);
        Assert.Contains("\"main\" is there twice", Refusal(Pes.Options() with { Profiles = [Pes.Profile("main")] }), StringComparison.Ordinal);
        Assert.Contains("found \"a b\"", Refusal(Pes.Options() with { Profiles = [Pes.Profile("a b")] }), StringComparison.Ordinal);
        Assert.Contains("the title", Refusal(Pes.Options() with { Profiles = [Pes.Profile("a", "x\ny")] }), StringComparison.Ordinal);
    }

    [Fact]
    public void Too_many_sections_are_refused_and_the_limit_is_reached()
    {
        // 0x600 bytes of headers: (0x600 - 0x148) / 40 = 30 sections, 3 of the stub, 5 of the base, one .profile of the base.
        var options = Pes.Options();
        UkiProfile[] profiles = [.. Enumerable.Range(0, 11).Select(i => Pes.Profile($"p{i}"))];
        Assert.Equal(29, PeImage.Read(Pes.Source(UkiImage.Plan(options with { Profiles = profiles[..10] }).ToArray())).Sections.Length);
        Assert.Contains("Not enough header space to add section .osrel: the EFI stub's headers of 1536 bytes have room for 30 sections", Refusal(options with { Profiles = profiles }), StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_damage_of_a_stub_or_kernel_is_reported()
    {
        var random = new Random(3);
        byte[][] valid = [Pes.Stub(), Pes.Kernel()];
        for (var i = 0; i < 4000; i++)
        {
            byte[][] bytes = [valid[0].ToArray(), valid[1].ToArray()];
            var which = bytes[i % 2];
            for (var k = random.Next(1, 4); k > 0; k--) which[random.Next(0x1d0)] = (byte)random.Next(256);
            if (random.Next(5) == 0) bytes[i % 2] = which[..random.Next(which.Length)];
            try
            {
                var image = UkiImage.Plan(Pes.Options() with { Stub = Pes.Source(bytes[0]), Linux = Pes.Source(bytes[1]) });
                if (image.Length < 1 << 20) UkiReader.Read(Pes.Source(image.ToArray()));
            }
            catch (RoosException)
            {
                // the documented answer
            }
        }
    }

    [Fact]
    public void The_reader_reports_only_damage()
    {
        var random = new Random(4);
        var valid = UkiImage.Plan(Pes.Options() with { Profiles = [Pes.Profile("a", "b", "c")] }).ToArray();
        var refused = 0;
        for (var i = 0; i < 4000; i++)
        {
            var bytes = valid.ToArray();
            for (var k = random.Next(1, 4); k > 0; k--) bytes[random.Next(0x400)] = (byte)random.Next(256);
            try
            {
                var uki = UkiReader.Read(Pes.Source(bytes));
                foreach (var profile in uki.Profiles) _ = profile.OsRelease + profile.CommandLine + profile.KernelVersion;
                Assert.Equal(uki.Profiles.Length, PcrPrediction.Of(uki, [PcrBank.Sha256], [""]).Count);
            }
            catch (DamagedInputException)
            {
                refused++;
            }
        }

        Assert.InRange(refused, 100, 3900);
        Assert.Throws<DamagedInputException>(() => UkiReader.Read(Pes.Source(Pes.Stub())));
        Assert.Null(PeImage.TryRead(Pes.Source("no PE file"u8.ToArray())));
    }

    private static string Refusal(UkiOptions options) => Assert.ThrowsAny<RoosException>(() => UkiImage.Plan(options)).Message;
}
