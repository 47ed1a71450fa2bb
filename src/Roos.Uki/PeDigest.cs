using System.Security.Cryptography;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Uki;

/// <summary>
/// The digest of a PE file that Authenticode signs. It is the same whether the file is signed or not, and by whom. Source: Microsoft,
/// "Windows Authenticode Portable Executable Signature Format", "Calculating the PE Image Hash".
/// </summary>
public static class PeDigest
{
    /// <summary>SHA-256, which firmware takes. Reads the file once.</summary>
    /// <param name="program">The file.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="DamagedInputException">This is no PE32+ file, or its parts overlap or have gaps, so that readers would hash different bytes.</exception>
    public static byte[] Sha256(ByteSource program, string name = "PE file") => Compute(program, HashAlgorithmName.SHA256, name);

    /// <summary>As <see cref="Sha256"/>, by another algorithm.</summary>
    public static byte[] Compute(ByteSource program, HashAlgorithmName algorithm, string name = "PE file") => SignedContent.Read(program, name).Digest(algorithm);
}
