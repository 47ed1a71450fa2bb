using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Roos.EndToEnd.Tests;

/// <summary>
/// As much of an NVMe/TCP host as it takes to read a disk that a machine offers: the kernel of a test machine may have none. One admin queue, one I/O queue,
/// one command at a time. (NVM Express over Fabrics 1.1, NVMe/TCP transport 1.0.)
/// </summary>
internal sealed class NvmeInitiator : IDisposable
{
    private const int BlockSize = 512;
    private const byte FabricsCommand = 0x7f, ReadCommand = 0x02;
    private const byte InCapsule = 0x01, Transport = 0x5a; // kinds of SGL descriptors

    private readonly TcpClient _admin = new();
    private readonly TcpClient _io = new();

    /// <summary>Connects to a subsystem that listens at a port of this machine's loopback.</summary>
    public NvmeInitiator(int port, string subsystem)
    {
        var controller = Connect(_admin, port, 0, 0xffff, subsystem);
        SetProperty(0x14, 0x460001); // CC: enabled, entries of 64 and 16 bytes
        for (var tries = 0; (GetProperty(0x1c) & 1) == 0; tries++) // CSTS.RDY
        {
            Assert.True(tries < 100, "The controller did not become ready.");
            Thread.Sleep(50);
        }

        Connect(_io, port, 1, controller, subsystem);
    }

    /// <summary>Reads blocks of 512 bytes of namespace 1.</summary>
    public byte[] Read(ulong firstBlock, ushort count)
    {
        var command = Command(ReadCommand, Transport, count * BlockSize);
        BinaryPrimitives.WriteUInt32LittleEndian(command.AsSpan(4), 1);
        BinaryPrimitives.WriteUInt64LittleEndian(command.AsSpan(40), firstBlock);
        BinaryPrimitives.WriteUInt16LittleEndian(command.AsSpan(48), (ushort)(count - 1));
        var data = new byte[count * BlockSize];
        Run(_io, command, [], data);
        return data;
    }

    public void Dispose()
    {
        _io.Dispose();
        _admin.Dispose();
    }

    private static ushort Connect(TcpClient queue, int port, ushort queueId, ushort controller, string subsystem)
    {
        queue.ReceiveTimeout = queue.SendTimeout = 30_000;
        queue.Connect("127.0.0.1", port);
        var request = new byte[128]; // ICReq: format 0, no alignment, no digests
        Header(request, 0x00, 128, 0, 128);
        queue.GetStream().Write(request);
        var (type, _, _) = Receive(queue);
        Assert.Equal(0x01, type); // ICResp

        var command = Command(FabricsCommand, InCapsule, 1024);
        command[4] = 0x01; // Connect
        BinaryPrimitives.WriteUInt16LittleEndian(command.AsSpan(42), queueId);
        BinaryPrimitives.WriteUInt16LittleEndian(command.AsSpan(44), 31); // entries - 1
        var data = new byte[1024];
        Guid.Parse("0b8e2c55-5c2a-4c8b-9d7e-1f0e6d1c2b3a").ToByteArray().CopyTo(data, 0);
        BinaryPrimitives.WriteUInt16LittleEndian(data.AsSpan(16), controller);
        Encoding.ASCII.GetBytes(subsystem).CopyTo(data, 256);
        "nqn.2014-08.org.nvmexpress:uuid:0b8e2c55-5c2a-4c8b-9d7e-1f0e6d1c2b3a"u8.CopyTo(data.AsSpan(512));
        return (ushort)Run(queue, command, data, []);
    }

    private void SetProperty(uint offset, ulong value)
    {
        var command = Command(FabricsCommand, InCapsule, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(command.AsSpan(44), offset);
        BinaryPrimitives.WriteUInt64LittleEndian(command.AsSpan(48), value);
        Run(_admin, command, [], []);
    }

    private ulong GetProperty(uint offset)
    {
        var command = Command(FabricsCommand, InCapsule, 0);
        command[4] = 0x04;
        BinaryPrimitives.WriteUInt32LittleEndian(command.AsSpan(44), offset);
        return Run(_admin, command, [], []);
    }

    private static byte[] Command(byte operation, byte descriptor, int length)
    {
        var command = new byte[64];
        command[0] = operation;
        command[1] = 0x40; // SGLs
        BinaryPrimitives.WriteInt32LittleEndian(command.AsSpan(32), length);
        command[39] = descriptor;
        return command;
    }

    /// <summary>Sends a command, puts what is read into <paramref name="data"/>, and returns the result of its completion.</summary>
    private static ulong Run(TcpClient queue, byte[] command, byte[] written, byte[] data)
    {
        var capsule = new byte[72 + written.Length];
        Header(capsule, 0x04, 72, (byte)(written.Length > 0 ? 72 : 0), capsule.Length);
        command.CopyTo(capsule, 8);
        written.CopyTo(capsule, 72);
        queue.GetStream().Write(capsule);
        while (true)
        {
            var (type, flags, unit) = Receive(queue);
            switch (type)
            {
                case 0x05: // CapsuleResp
                    Assert.Equal(0, BinaryPrimitives.ReadUInt16LittleEndian(unit.AsSpan(8 + 14)) >> 1);
                    return BinaryPrimitives.ReadUInt64LittleEndian(unit.AsSpan(8));
                case 0x07: // C2HData
                    unit.AsSpan(unit[3], BinaryPrimitives.ReadInt32LittleEndian(unit.AsSpan(16))).CopyTo(data.AsSpan(BinaryPrimitives.ReadInt32LittleEndian(unit.AsSpan(12))));
                    if ((flags & 0x08) != 0) return 0; // no completion follows
                    break;
                default:
                    Assert.Fail($"A unit of type {type} was not expected.");
                    break;
            }
        }
    }

    private static void Header(byte[] unit, byte type, byte headerLength, byte dataOffset, int length)
    {
        unit[0] = type;
        unit[2] = headerLength;
        unit[3] = dataOffset;
        BinaryPrimitives.WriteInt32LittleEndian(unit.AsSpan(4), length);
    }

    private static (byte Type, byte Flags, byte[] Unit) Receive(TcpClient queue)
    {
        var header = new byte[8];
        queue.GetStream().ReadExactly(header);
        var length = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4));
        Assert.InRange(length, 8, 1 << 20);
        var unit = new byte[length];
        header.CopyTo(unit, 0);
        queue.GetStream().ReadExactly(unit.AsSpan(8));
        return (header[0], header[1], unit);
    }
}
