using Roos.Builder.Steps;

namespace Roos.Builder.Tests.Steps;

/// <summary>The examples of the UAPI version format specification (UAPI.10).</summary>
public sealed class VersionComparerTests
{
    /// <summary>Each sorts before all that follow it.</summary>
    private static readonly string[] Ascending = ["122.1", "123~rc1-1", "123", "123-a", "123-a.1", "123-1", "123-1.1", "123^post1", "123.a-1", "123.1-1", "123a-1", "124-1"];

    [Theory]
    [InlineData("11", "11", 0)]
    [InlineData("systemd-123", "systemd-123", 0)]
    [InlineData("bar-123", "foo-123", -1)]
    [InlineData("123a", "123", 1)]
    [InlineData("123.a", "123", 1)]
    [InlineData("123.a", "123.b", -1)]
    [InlineData("123a", "123.a", 1)]
    [InlineData("11α", "11β", 0)]
    [InlineData("B", "a", -1)]
    [InlineData("", "0", -1)]
    [InlineData("0.", "0", 1)]
    [InlineData("0.0", "0", 1)]
    [InlineData("0", "~", 1)]
    [InlineData("", "~", 1)]
    [InlineData("1_", "1", 0)]
    [InlineData("_1", "1", 0)]
    [InlineData("1_", "1.2", -1)]
    [InlineData("1_2_3", "1.3.3", 1)]
    [InlineData("1+", "1", 0)]
    [InlineData("+1", "1", 0)]
    [InlineData("1+", "1.2", -1)]
    [InlineData("1+2+3", "1.3.3", 1)]
    public void The_examples_of_the_specification(string left, string right, int expected)
    {
        Assert.Equal(expected, VersionComparer.Instance.Compare(left, right));
        Assert.Equal(-expected, VersionComparer.Instance.Compare(right, left));
    }

    [Fact]
    public void The_long_example_of_the_specification()
    {
        for (var i = 0; i < Ascending.Length; i++)
        {
            for (var j = 0; j < Ascending.Length; j++) Assert.True(i.CompareTo(j) == VersionComparer.Instance.Compare(Ascending[i], Ascending[j]), $"{Ascending[i]} to {Ascending[j]}");
        }
    }
}
