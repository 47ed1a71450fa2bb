using System.Text;

namespace Roos.Fat.Tests;

public sealed class ShortNameTests
{
    [Theory]
    [InlineData("EFI", "EFI        ")]
    [InlineData("BOOTX64.EFI", "BOOTX64 EFI")]
    [InlineData("systemd", "SYSTEMD    ")]
    [InlineData("loader.conf", "LOADER~1CON")]
    [InlineData("entries.srel", "ENTRIE~1SRE")]
    [InlineData("systemd-bootx64.efi", "SYSTEM~1EFI")]
    [InlineData("roos_0.1+3-0.efi", "ROOS_0~1EFI")]
    [InlineData("a b", "AB~1       ")]
    [InlineData(".hidden", "HIDDEN~1   ")]
    [InlineData("ä", "_~1        ")]
    [InlineData("漢字", "__~1       ")]
    [InlineData("a.b.c", "AB~1    C  ")]
    [InlineData("x.TOOL", "X~1     TOO")]
    [InlineData("~~", "~~         ")]
    public void Aliases_follow_the_rules_of_the_specification(string name, string alias) =>
        Assert.Equal(alias, Encoding.ASCII.GetString(ShortNames.Assign([name])[0]));

    [Fact]
    public void A_numbered_alias_never_takes_the_name_of_another_file()
    {
        string[] names = ["LONGNA~1", "a", "longname-one", "longname-two", "longna~3"];
        var aliases = ShortNames.Assign(names).Select(Encoding.ASCII.GetString);
        Assert.Equal(["LONGNA~1   ", "A          ", "LONGNA~2   ", "LONGNA~4   ", "LONGNA~3   "], aliases);
    }

    [Fact]
    public void Aliases_stay_distinct_when_their_numbers_grow()
    {
        var names = Enumerable.Range(0, 12_000).Select(i => $"prefix of a long name {i % 30} {i}").Concat(["prefi", "PREF~100"]).ToList();
        var aliases = ShortNames.Assign(names).Select(Encoding.ASCII.GetString).ToList();
        Assert.Equal(names.Count, aliases.Distinct().Count());
        Assert.All(aliases, alias => Assert.Equal(11, alias.Length));
        Assert.Equal("PREFIX~1   ", aliases[0]);
        Assert.Equal("PREF~102   ", aliases[100]); // 100 is another file's own name
        Assert.Equal("PR~12001   ", aliases[11_999]);
    }

    [Theory]
    [InlineData("A", true)]
    [InlineData("a", false)]
    [InlineData("ABCDEFGH.EXT", true)]
    [InlineData("ABCDEFGHI", false)]
    [InlineData("A.EXTR", false)]
    [InlineData("A.", false)]
    [InlineData(".A", false)]
    [InlineData("A.B.C", false)]
    [InlineData("A+B", false)]
    public void Only_upper_case_names_of_eight_and_three_need_no_long_name(string name, bool isShort) => Assert.Equal(isShort, FatName.IsShortName(name));

    [Fact]
    public void The_checksum_is_the_one_of_the_specification() =>
        // Rotate right and add, eleven times; the value was taken from a directory that mtools wrote.
        Assert.Equal(0xb6, FatName.Checksum("LOADER~1CON"u8));
}
