namespace Roos.Builder.Inspection;

/// <summary>What was found in some bytes.</summary>
/// <param name="Format">A word for programs, such as <c>gpt</c>; <c>unknown</c> where nothing fits.</param>
/// <param name="Title">The same for people.</param>
/// <param name="Length">Bytes that were looked at.</param>
/// <param name="Fields">Names and values, in the order to be shown.</param>
/// <param name="Parts">What lies inside.</param>
/// <param name="Problems">What breaks the rules of the format, a sentence each.</param>
public sealed record Finding(
    string Format,
    string Title,
    long Length,
    IReadOnlyList<(string Name, string Value)> Fields,
    IReadOnlyList<FindingPart> Parts,
    IReadOnlyList<string> Problems)
{
    public Finding(string format, string title, long length, params IReadOnlyList<(string Name, string Value)> fields)
        : this(format, title, length, fields, [], [])
    {
    }

    /// <summary>True where this or anything inside it breaks the rules.</summary>
    public bool HasProblems => Problems.Count > 0 || Parts.Any(part => part.Content is { HasProblems: true });
}

/// <summary>A part of something larger: a partition of a disk.</summary>
/// <param name="Name">Such as <c>partition 2</c>.</param>
/// <param name="Fields">What the whole says about it.</param>
/// <param name="Content">What is in it; null where the fields say all.</param>
public sealed record FindingPart(string Name, IReadOnlyList<(string Name, string Value)> Fields, Finding? Content);
