using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>
/// A unified kernel image: systemd's EFI stub with sections appended, byte for byte as ukify 257 puts them together.
/// Kernel and initrds are streamed. Format: Microsoft "PE Format"; UAPI "Unified Kernel Image"; order as in ukify.
/// </summary>
public sealed class UkiImage : IImage
{
    private readonly byte[] _head;
    private readonly ImmutableArray<Placed> _added;

    private UkiImage(PeMachine machine, byte[] head, ImmutableArray<Placed> added, long length)
    {
        Machine = machine;
        _head = head;
        _added = added;
        Length = length;
    }

    public long Length { get; }

    public PeMachine Machine { get; }

    /// <summary>The same bytes, at any offset, so that the image can be hashed, measured and signed before it is written.</summary>
    public ByteSource Bytes
    {
        get
        {
            List<ByteSource> parts = [ByteSource.FromMemory(_head)];
            long at = _head.Length;
            foreach (var section in _added)
            {
                parts.AddRange([ByteSource.Zeros(section.FileOffset - at), section.Content]);
                at = section.FileOffset + section.Content.Length;
            }

            parts.Add(ByteSource.Zeros(Length - at));
            return ByteSource.Concat(parts);
        }
    }

    /// <summary>Plans the image; reads the stub and the headers of the kernel.</summary>
    /// <exception cref="DamagedInputException">Stub or kernel are no PE files.</exception>
    /// <exception cref="RoosException">
    /// They are for different processors; the stub is signed or of an old systemd; there is no room for all section headers
    /// or for the merged .sbat; a profile's name is not allowed or given twice; the image would have 4 GiB.
    /// </exception>
    public static UkiImage Plan(UkiOptions options)
    {
        var stub = PeImage.Read(options.Stub, "EFI stub");
        var kernel = PeImage.Read(options.Linux, "kernel");
        Check(stub, kernel);
        var layout = new Layout(stub, kernel.IsNxCompatible);
        layout.ReplaceSbat(Sbat.Merge(stub, kernel));
        foreach (var (name, content) in SectionsOf(options)) layout.Add(name, content);
        return layout.Finish();
    }

    /// <summary>Plans an addon: the same format, with a stub that does nothing and the lines of SBAT that addons have.</summary>
    /// <exception cref="DamagedInputException">The stub is no PE file.</exception>
    /// <exception cref="RoosException">There is nothing in it, or the stub is signed or of an old systemd.</exception>
    public static UkiImage Plan(UkiAddonOptions options)
    {
        var stub = PeImage.Read(options.Stub, "EFI stub");
        Check(stub);
        var sections = new List<(string Name, ByteSource? Content)> { (UkiSections.CommandLine, Text(options.CommandLine)), (UkiSections.DeviceTree, options.DeviceTree) };
        sections.AddRange(options.AutomaticDeviceTrees.Select(tree => (UkiSections.AutomaticDeviceTree, (ByteSource?)tree)));
        sections.AddRange([(UkiSections.Initrd, Join(options.Initrds)), (UkiSections.Microcode, options.Microcode)]);
        if (sections.TrueForAll(section => section.Content is null)) throw new RoosException("an addon without a command line, device tree, initrd and microcode would do nothing");

        // In ukify's order: the version after the device trees.
        sections.Insert(2 + options.AutomaticDeviceTrees.Count, (UkiSections.KernelVersion, Text(options.KernelVersion)));
        var layout = new Layout(stub, kernelIsNxCompatible: true);
        foreach (var (name, content) in sections)
        {
            if (content is not null) layout.Add(name, content);
        }

        layout.ReplaceSbat(Sbat.OfAddon());
        return layout.Finish();
    }

    public void WriteTo(ImageSink sink, CancellationToken cancellation = default)
    {
        var start = sink.Position;
        sink.Write(_head);
        foreach (var section in _added)
        {
            sink.PadTo(start + section.FileOffset);
            section.Content.CopyTo(sink, cancellation);
        }

        sink.PadTo(start + Length);
    }

    /// <summary>
    /// What is appended, in ukify's order: everything that is shared, then <c>.profile</c> and <c>.pcrsig</c> of the base, then for
    /// every other profile its <c>.profile</c>, what it has of its own, and its <c>.pcrsig</c>. The stub takes the part up to the second <c>.profile</c> for the base.
    /// </summary>
    internal static IEnumerable<(string Name, ByteSource Content)> SectionsOf(UkiOptions options)
    {
        var sections = new List<(string Name, ByteSource? Content)>
        {
            (UkiSections.OsRelease, Text(options.OsRelease)),
            (UkiSections.CommandLine, Text(options.CommandLine)),
            (UkiSections.DeviceTree, options.DeviceTree),
        };
        sections.AddRange(options.AutomaticDeviceTrees.Select(tree => (UkiSections.AutomaticDeviceTree, (ByteSource?)tree)));
        sections.AddRange(
        [
            (UkiSections.KernelVersion, Text(options.KernelVersion)),
            (UkiSections.Splash, options.Splash),
            (UkiSections.PcrPublicKey, options.PcrPublicKey),
            (UkiSections.Linux, options.Linux),
            (UkiSections.Initrd, Join(options.Initrds)),
            (UkiSections.Microcode, options.Microcode),
        ]);

        if (options.Profiles.Count > 0) sections.Add((UkiSections.Profile, Text(ProfileText.For(options.BaseProfile))));
        sections.Add((UkiSections.PcrSignature, Text(options.PcrSignature)));
        var ids = new HashSet<string>(StringComparer.Ordinal) { options.BaseProfile.Id };
        foreach (var profile in options.Profiles)
        {
            if (!ids.Add(profile.Name.Id)) throw new RoosException($"the profiles of a UKI need different IDs; \"{profile.Name.Id}\" is there twice");
            sections.Add((UkiSections.Profile, Text(ProfileText.For(profile.Name))));
            sections.Add((UkiSections.OsRelease, Text(profile.OsRelease ?? OsRelease.ForProfile(options.OsRelease, profile.Name.Id))));
            sections.Add((UkiSections.CommandLine, Text(profile.CommandLine)));
            sections.Add((UkiSections.PcrSignature, Text(profile.PcrSignature)));
        }

        return sections.Where(section => section.Content is not null).Select(section => (section.Name, section.Content!));
    }

    private static ByteSource? Text(string? text) => string.IsNullOrEmpty(text) ? null : ByteSource.FromMemory(Encoding.UTF8.GetBytes(text));

    private static ByteSource? Join(IReadOnlyList<ByteSource> initrds)
    {
        if (initrds.Count <= 1) return initrds.Count == 0 ? null : initrds[0];
        var parts = new List<ByteSource>();
        foreach (var initrd in initrds)
        {
            parts.Add(initrd);
            parts.Add(ByteSource.Zeros((4 - (initrd.Length % 4)) % 4));
        }

        return ByteSource.Concat(parts);
    }

    private static void Check(PeImage stub, PeImage kernel)
    {
        Check(stub);
        if (stub.Machine != kernel.Machine)
            throw new RoosException($"the EFI stub is for {NameOf(stub.Machine)} and the kernel for {NameOf(kernel.Machine)}: take both from packages of one architecture");
    }

    private static void Check(PeImage stub)
    {
        if (stub.Machine is not (PeMachine.X64 or PeMachine.Arm64))
            throw new RoosException($"the EFI stub is for {NameOf(stub.Machine)}; Roos makes UKIs for x86-64 and arm64");
        if (stub.IsSigned) throw new RoosException("the EFI stub is signed, and adding sections would break the signature: take the unsigned .efi.stub (signing comes after)");
        if (stub.FileHeader.PointerToSymbolTable != 0) throw new RoosException("the EFI stub has a symbol table: it is of an old systemd; take one of systemd 254 or newer");
        if (stub.RawSections.Length == 0) throw stub.Damaged("an EFI stub has sections");
    }

    private static string NameOf(PeMachine machine) => machine switch
    {
        PeMachine.X64 => "x86-64",
        PeMachine.Arm64 => "arm64",
        _ => $"machine 0x{(ushort)machine:x4}",
    };

    private readonly record struct Placed(long FileOffset, ByteSource Content);

    /// <summary>The image while it is planned: the stub's bytes with changed headers, and what follows them.</summary>
    private sealed class Layout
    {
        private const int MaximumStub = 64 << 20;

        private readonly PeImage _stub;
        private readonly byte[] _head;
        private readonly List<RawSectionHeader> _sections;
        private readonly List<Placed> _added = [];
        private readonly uint _fileAlignment;
        private readonly uint _sectionAlignment;
        private RawOptionalHeader _optional;
        private long _end;

        public Layout(PeImage stub, bool kernelIsNxCompatible)
        {
            _stub = stub;
            if (stub.Source.Length > MaximumStub) throw stub.Damaged($"{stub.Source.Length} bytes are too many for an EFI stub");
            _head = stub.Source.ToArray();
            _sections = [.. stub.RawSections];
            _optional = stub.OptionalHeader;
            _fileAlignment = Alignment(_optional.FileAlignment, "FileAlignment");
            _sectionAlignment = Alignment(_optional.SectionAlignment, "SectionAlignment");
            _end = _head.Length;
            foreach (var section in _sections.Where(section => section.SizeOfRawData != 0))
            {
                if (section.PointerToRawData % _fileAlignment != 0 || section.SizeOfRawData % _fileAlignment != 0 || section.PointerToRawData + (long)section.SizeOfRawData > _head.Length)
                    throw stub.Damaged($"section {section.Name} is not aligned to {_fileAlignment} bytes, or not within the file");
            }

            // What is between the headers and the first section's data belongs to nobody, so it can hold headers.
            var headers = AlignUp(_optional.SizeOfHeaders, _fileAlignment);
            if (headers > _sections.Where(section => section.SizeOfRawData != 0).Min(section => (uint?)section.PointerToRawData.Value).GetValueOrDefault())
                throw stub.Damaged($"its headers ({headers} bytes) reach into the first section");
            _optional.SizeOfHeaders = (uint)headers;

            // Firmware that enforces non-executable data applies the UKI's flag to the kernel in it.
            if (!kernelIsNxCompatible) _optional.DllCharacteristics = (ushort)(_optional.DllCharacteristics & ~PeFormat.NxCompatible);
        }

        /// <summary>The stub has a .sbat already, whose padding has room for the kernel's lines too.</summary>
        public void ReplaceSbat(byte[] content)
        {
            var index = _sections.FindIndex(section => section.Name.ToString() == Sbat.SectionName);
            if (index < 0)
            {
                Add(Sbat.SectionName, ByteSource.FromMemory(content));
                return;
            }

            var section = _sections[index];
            if (content.Length > section.SizeOfRawData)
                throw new RoosException($"Not enough space in the EFI stub's {Sbat.SectionName} section: stub, kernel and UKI have {content.Length} bytes of it and the section {section.SizeOfRawData.Value}");
            var room = _head.AsSpan((int)section.PointerToRawData.Value, (int)section.SizeOfRawData.Value);
            room.Clear();
            content.CopyTo(room);
            section.VirtualSize = (uint)content.Length;
            _sections[index] = section;
        }

        public void Add(string name, ByteSource content)
        {
            if (_stub.SectionTableOffset + ((_sections.Count + 1L) * RawSectionHeader.Size) > _optional.SizeOfHeaders || _sections.Count == ushort.MaxValue)
            {
                var room = (_optional.SizeOfHeaders - _stub.SectionTableOffset) / RawSectionHeader.Size;
                throw new RoosException($"Not enough header space to add section {name}: the EFI stub's headers of {_optional.SizeOfHeaders.Value} bytes have room for {room} sections; use fewer profiles");
            }

            var last = _sections[^1];
            var address = AlignUp(last.VirtualAddress + (long)last.VirtualSize, _sectionAlignment);
            var offset = AlignUp(_end, _fileAlignment);
            var size = AlignUp(content.Length, _fileAlignment);
            var initialized = _optional.SizeOfInitializedData + content.Length;
            if (Math.Max(Math.Max(address, offset) + size, initialized) > uint.MaxValue - _sectionAlignment)
                throw new RoosException($"a UKI has less than 4 GiB, and section {name} of {content.Length} bytes would end at {offset + size}: make the initrd smaller");
            _sections.Add(new RawSectionHeader
            {
                Name = RawSectionHeader.SectionName.From(name),
                VirtualSize = (uint)content.Length, // exactly: it is what the stub reads and measures
                VirtualAddress = (uint)address,
                SizeOfRawData = (uint)size,
                PointerToRawData = (uint)offset,

                // Kernels of old are started in place, so theirs is code.
                Characteristics = PeFormat.SectionRead | (name == UkiSections.Linux ? PeFormat.SectionCode : PeFormat.SectionInitializedData),
            });
            _optional.SizeOfInitializedData = (uint)initialized;
            _added.Add(new Placed(offset, content));
            _end = offset + size;
        }

        public UkiImage Finish()
        {
            var last = _sections[^1];
            _optional.CheckSum = 0;
            _optional.SizeOfImage = (uint)AlignUp(last.VirtualAddress + (long)last.VirtualSize, _sectionAlignment);
            var file = _stub.FileHeader;
            file.NumberOfSections = (ushort)_sections.Count;
            MemoryMarshal.Write(_head.AsSpan((int)_stub.HeaderOffset + 4), in file);
            MemoryMarshal.Write(_head.AsSpan((int)_stub.OptionalHeaderOffset), in _optional);
            MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_sections)).CopyTo(_head.AsSpan((int)_stub.SectionTableOffset));
            return new UkiImage(_stub.Machine, _head, [.. _added], _end);
        }

        private uint Alignment(uint value, string name) =>
            value is >= 512 and <= 1 << 16 && (value & (value - 1)) == 0 ? value : throw _stub.Damaged($"{name} is a power of two from 512 to 65536; found {value}");

        private static long AlignUp(long value, uint alignment) => (value + alignment - 1) / alignment * alignment;
    }
}
