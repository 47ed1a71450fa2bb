namespace Roos.Core.Tar;

/// <summary>How <see cref="TarArchive.Read"/> reads.</summary>
public sealed record TarReadOptions
{
    /// <summary>What messages call the archive: its file name.</summary>
    public string Name { get; init; } = "the tar";

    /// <summary>An archive with more entries (implied directories included) is refused: memory grows with their number.</summary>
    public long MaximumEntries { get; init; } = 10_000_000;
}
