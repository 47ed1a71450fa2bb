using Roos.Builder.Commands;

namespace Roos.Builder.Tests.Commands;

public sealed class BumpTests
{
    [Theory]
    [InlineData(null, "1")]
    [InlineData("1", "2")]
    [InlineData("0.9", "0.10")]
    [InlineData("2026.11", "2026.12")]
    [InlineData("1.0~rc1", "1.0~rc1.2")]
    [InlineData("1.", "1..2")]
    [InlineData("99999999999999999999", "100000000000000000000")]
    public void The_last_number_is_raised(string? version, string next) => Assert.Equal(next, BumpCommand.Next(version));
}
