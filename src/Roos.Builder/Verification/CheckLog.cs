using Roos.Core;

namespace Roos.Builder.Verification;

/// <summary>What became of a check.</summary>
internal enum CheckOutcome
{
    /// <summary>It holds.</summary>
    Good,

    /// <summary>It does not: the chain ends here.</summary>
    Broken,

    /// <summary>It could not be made: a key was not given, or what it needs is broken.</summary>
    Unchecked,

    /// <summary>There is nothing to check, and need not be.</summary>
    Absent,
}

/// <summary>A check that was made.</summary>
/// <param name="Check">Which check, a word for programs (<see cref="CheckNames"/>).</param>
/// <param name="Part">Of what: a path in the ESP, a partition, a file.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Detail">What was seen; of a broken link the reason.</param>
internal sealed record CheckLine(string Check, string Part, CheckOutcome Outcome, string Detail);

/// <summary>The words by which programs know the checks, in the order in which the chain has them.</summary>
internal static class CheckNames
{
    public const string PartitionTable = "partition-table";
    public const string BootFileSystem = "boot-file-system";
    public const string Enrollment = "enrollment";
    public const string Program = "program-signature";
    public const string Kernel = "kernel-signature";
    public const string CommandLine = "command-line";
    public const string PcrSignature = "pcr-signature";
    public const string Volume = "volume";
    public const string RootHash = "root-hash-signature";
    public const string Verity = "verity";
    public const string FileSystem = "file-system";
    public const string VerityCertificates = "verity-certificates";
    public const string Uncovered = "uncovered";
    public const string Checksum = "checksum";
    public const string ChecksumSignature = "checksum-signature";
}

/// <summary>Takes the checks down in the order in which they are made, which is that of the chain.</summary>
/// <param name="seen">Told of each at once: some take a while.</param>
internal sealed class CheckLog(Action<CheckLine>? seen = null)
{
    private readonly List<CheckLine> _lines = [];

    public IReadOnlyList<CheckLine> Lines => _lines;

    public void Good(string check, string part, string detail) => Add(new CheckLine(check, part, CheckOutcome.Good, detail));

    public void Broken(string check, string part, string reason) => Add(new CheckLine(check, part, CheckOutcome.Broken, reason));

    public void Unchecked(string check, string part, string reason) => Add(new CheckLine(check, part, CheckOutcome.Unchecked, reason));

    public void Absent(string check, string part, string detail) => Add(new CheckLine(check, part, CheckOutcome.Absent, detail));

    /// <summary>Bytes that cannot be read are a broken link like any other, and the next check is made.</summary>
    public void Guard(string check, string part, Action work) => Guard(check, part, () =>
    {
        work();
        return true;
    });

    /// <inheritdoc cref="Guard(string, string, Action)"/>
    public T? Guard<T>(string check, string part, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (RoosException e)
        {
            Broken(check, part, e.Message);
            return default;
        }
    }

    private void Add(CheckLine line)
    {
        _lines.Add(line);
        seen?.Invoke(line);
    }
}
