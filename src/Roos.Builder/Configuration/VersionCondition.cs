using Roos.Builder.Steps;

namespace Roos.Builder.Configuration;

/// <summary>Conditions on versions, as [Match] has them.</summary>
public static class VersionCondition
{
    /// <summary>Whether a version fits an operator and a version: <c>&gt;=2.1</c>; without operator they must be equal.</summary>
    public static bool Fits(string version, string condition)
    {
        foreach (var (sign, holds) in Operators)
            if (condition.StartsWith(sign, StringComparison.Ordinal)) return holds(VersionComparer.Instance.Compare(version, condition[sign.Length..].Trim()));
        return VersionComparer.Instance.Compare(version, condition) == 0;
    }

    private static readonly (string Sign, Func<int, bool> Holds)[] Operators =
    [
        ("==", order => order == 0), ("!=", order => order != 0), ("<=", order => order <= 0), (">=", order => order >= 0), (">", order => order > 0), ("<", order => order < 0),
    ];
}
