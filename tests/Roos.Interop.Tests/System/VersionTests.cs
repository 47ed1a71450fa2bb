using Roos.Builder.Steps;
using Roos.Testing;

namespace Roos.Interop.Tests.Settings;

public sealed class VersionTests
{
    [Fact]
    public void Versions_are_ordered_as_systemd_orders_them()
    {
        var analyze = Judge.InTree("systemd-analyze");
        string[] versions =
        [
            "1", "01", "1.0", "1.", "1~rc1", "1~", "1^", "1^post", "1-1", "1-", "a", "A", "1a", "a1", "6.12.9", "6.12.10", "6.12.117+deb13-cloud-amd64", "6.12.9+deb13-amd64",
            "1_2", "1.2", "12", "00", "0", "v1.2", "1.a", "1.0a", "18446744073709551617", "18446744073709551616", "1..2", "1.-2", "b~", "~",
        ];
        var random = new Random(257);
        for (var i = 0; i < 60; i++)
        {
            var (left, right) = (versions[random.Next(versions.Length)], versions[random.Next(versions.Length)]);
            var expected = analyze.Run("compare-versions", left, right).ExitCode switch
            {
                0 => 0,
                11 => 1,
                12 => -1,
                var other => throw new InvalidOperationException($"systemd-analyze ended with {other}"),
            };
            Assert.True(expected == VersionComparer.Instance.Compare(left, right), $"{left} to {right} must be {expected}");
        }
    }
}
