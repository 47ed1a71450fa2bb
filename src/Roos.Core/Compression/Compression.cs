namespace Roos.Core.Compression;

/// <summary>A compression that input files may have; told by their first bytes, never by their names.</summary>
public enum Compression
{
    None,
    Gzip,
    Bzip2,
    Xz,
    Zstandard,
}
