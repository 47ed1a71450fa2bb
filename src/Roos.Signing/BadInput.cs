using Roos.Core;

namespace Roos.Signing;

/// <summary>What BouncyCastle throws over bytes that are not what it expects is nowhere written down, and is of a dozen unrelated types.</summary>
internal static class BadInput
{
    /// <summary>True for what a parser throws because of its input; what says so already is left as it is.</summary>
    public static bool Caused(Exception e) => e is not (RoosException or OutOfMemoryException);
}
