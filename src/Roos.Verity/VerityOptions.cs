using Roos.Core;
using Roos.Core.Identity;

namespace Roos.Verity;

/// <summary>What a dm-verity volume is made with. The block size is 4096 and the digest SHA-256, hash type 1.</summary>
public sealed record VerityOptions
{
    /// <summary>0 to 256 bytes that are hashed before every block.</summary>
    public required byte[] Salt { get; init; }

    /// <summary>The UUID in the superblock.</summary>
    public Uuid Uuid { get; init; }

    /// <summary>Threads that hash, at least 1. The result does not depend on it.</summary>
    public int Workers { get; init; } = 1;

    internal void Check()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Workers, 1, nameof(Workers));
        if (Salt.Length > VerityGeometry.MaximumSaltSize) throw new RoosException($"a verity salt has at most {VerityGeometry.MaximumSaltSize} bytes; found {Salt.Length}");
    }
}
