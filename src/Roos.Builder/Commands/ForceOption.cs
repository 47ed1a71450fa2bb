using System.CommandLine;

namespace Roos.Builder.Commands;

/// <summary>mkosi's <c>-f</c>, which counts: <c>-ff</c> takes more away than <c>-f</c>.</summary>
internal static class ForceOption
{
    public static Option<bool> Create(string description) => new("--force", "-f") { Description = description, Arity = ArgumentArity.Zero };

    /// <summary>How often it was given.</summary>
    public static int Count(ParseResult parsed, Option<bool> force) => parsed.GetResult(force) is { Implicit: false } given ? given.IdentifierTokenCount : 0;
}
