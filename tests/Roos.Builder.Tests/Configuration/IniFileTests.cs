using CsCheck;
using Roos.Builder.Configuration;

namespace Roos.Builder.Tests.Configuration;

public class IniFileTests
{
    private static Gen<string> OneOf(params string[] words) => Gen.Int[0, words.Length - 1].Select(i => words[i]);

    [Fact]
    public void Mkosi_dialect_reads_sections_keys_lists_and_comments()
    {
        const string text = "\uFEFF# top\r\n[Content]\r\nPackages=\r\n        systemd  # the first\r\n        # only a comment\r\n\r\n\tudev\r\n  \r\nHostname = box \r\n; old\r\n[Output]\r\nFormat=";
        var file = IniFile.Parse("mkosi.conf", text);
        Assert.Equal(["Content", "Output"], file.Sections.Select(s => s.Name));
        var packages = file.Sections[0].Entries[0];
        Assert.Equal(("Packages", "\nsystemd\nudev"), (packages.Key, packages.Value));
        Assert.Equal(["mkosi.conf:3:10", "mkosi.conf:4:9", "mkosi.conf:7:2"], packages.Lines.Select(l => l.Location.ToString()));
        Assert.Equal("mkosi.conf:4:9", packages.ValueLocation.ToString());
        var host = file.Sections[0].Entries[1];
        Assert.Equal(("Hostname", "box", "mkosi.conf:9:1", "mkosi.conf:9:12"), (host.Key, host.Value, host.KeyLocation.ToString(), host.ValueLocation.ToString()));
        Assert.True(file.Sections[1].Entries[0].IsEmpty);
    }

    [Fact]
    public void Mkosi_dialect_dedents_a_file_that_is_indented_as_a_whole()
    {
        var file = IniFile.Parse("x", "    [A]\n    One=1\n      2\n    Two=3\n");
        Assert.Equal(["One=1\n2", "Two=3"], file.Entries.Select(e => $"{e.Key}={e.Value}"));
    }

    [Fact]
    public void Systemd_dialect_continues_lines_with_a_backslash_over_comments()
    {
        var file = IniFile.Parse("a.service", "[Service]\n  ExecStart=/bin/a \\\n# comment\n; another\n   b#c \\\n\nType=oneshot\n[Install]\nWantedBy=a.target\nWantedBy=\n", IniDialect.Systemd);
        Assert.Equal("/bin/a b#c", file.Sections[0].Last("ExecStart")!.Value);
        Assert.Equal("oneshot", file.Sections[0].Last("Type")!.Value);
        Assert.Equal(2, file.Sections[1].Entries.Count);
        Assert.True(file.Sections[1].Last("WantedBy")!.IsEmpty);
    }

    [Fact]
    public void Systemd_dialect_takes_an_indented_line_for_a_statement()
    {
        var error = Assert.Throws<ConfigurationException>(() => IniFile.Parse("r.conf", "[Partition]\nCopyFiles=\n  /usr\n", IniDialect.Systemd));
        Assert.Equal("r.conf:3:3: a line is [Section] or Key=Value; this one has no equals sign (end the line above with a backslash if it belongs to its value)\n    3 |   /usr\n      |   ^", error.Message);
    }

    [Theory]
    [InlineData("Format=disk", "m:1:1: a setting must stand in a section; write the [Section] above it\n    1 | Format=disk\n      | ^")]
    [InlineData("[Output", "m:1:1: a section is written [Name]; its closing bracket is missing\n    1 | [Output\n      | ^")]
    [InlineData("[ ]", "m:1:1: a section needs a name between its brackets\n    1 | [ ]\n      | ^")]
    [InlineData("[A]\nnonsense", "m:2:1: a line is [Section] or Key=Value; this one has no equals sign (indent it if it belongs to the value above)\n    2 | nonsense\n      | ^")]
    [InlineData("[A]\n  =1", "m:2:3: the name of the setting is missing before the equals sign\n    2 |   =1\n      |   ^")]
    [InlineData("[A]\nB=\0", "m:2:3: a configuration file is text; here is a NUL byte\n    2 | B=?\n      |   ^")]
    public void Errors_name_the_place_and_quote_the_line(string text, string message)
    {
        var error = Assert.Throws<ConfigurationException>(() => IniFile.Parse("m", text));
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public void Bytes_that_are_not_utf8_are_refused_at_their_place()
    {
        var error = Assert.Throws<ConfigurationException>(() => IniFile.Parse("m", "[A]\nB=c"u8.ToArray().Concat(new byte[] { 0xff, 0x0a }).ToArray()));
        Assert.StartsWith("m:2:4: a configuration file is UTF-8 text; these bytes are not\n", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_huge_line_is_quoted_in_part()
    {
        var error = Assert.Throws<ConfigurationException>(() => IniFile.Parse("m", "[A]\n" + new string('x', 1_000_000)));
        Assert.True(error.Message.Length < 500, error.Message);
    }

    [Fact]
    public void Garbage_never_escapes_as_anything_but_a_configuration_error() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        foreach (var dialect in Enum.GetValues<IniDialect>())
        {
            try
            {
                IniFile.Parse("g", bytes, dialect);
            }
            catch (ConfigurationException)
            {
            }
        }
    });

    [Fact]
    public void Structured_garbage_never_escapes_as_anything_but_a_configuration_error() =>
        OneOf("[", "]", "=", "\n", "\r", " ", "\t", "\\", "#", ";", "a", "B", "\n[A]\n", "k=v\n", "\\\n", "é", "\uFEFF").Array[0, 60].Sample(parts =>
        {
            foreach (var dialect in Enum.GetValues<IniDialect>())
            {
                try
                {
                    IniFile.Parse("g", string.Concat(parts), dialect);
                }
                catch (ConfigurationException)
                {
                }
            }
        });

    [Fact]
    public void What_is_printed_is_read_back()
    {
        var word = OneOf("a", "Bc", "é", "x-1", "%i", "a=b", "[z]", "\\");
        var value = word.Array[0, 4];
        var entry = Gen.Select(OneOf("Key", "Other", "K3"), value, (key, lines) => (Key: key, Lines: lines));
        var section = Gen.Select(OneOf("A", "Match", "B c"), entry.Array[0, 4], (name, entries) => (Name: name, Entries: entries));
        section.Array[0, 4].Sample(sections =>
        {
            var text = string.Concat(sections.Select(s => $"[{s.Name}]\n" + string.Concat(s.Entries.Select(e => $"{e.Key}=\n{string.Concat(e.Lines.Select(l => $"   {l}\n"))}"))));
            var read = IniFile.Parse("p", text).Sections.Select(s => $"{s.Name}:{string.Join(",", s.Entries.Select(e => $"{e.Key}={e.Value}"))}");
            var written = sections.Select(s => $"{s.Name}:{string.Join(",", s.Entries.Select(e => $"{e.Key}={string.Concat(e.Lines.Select(l => "\n" + l))}"))}");
            Assert.Equal(written, read);
        });
    }

    [Theory]
    [InlineData("Pakages", "Packages")]
    [InlineData("packages", "Packages")]
    [InlineData("Formta", "Format")]
    [InlineData("Zebra", null)]
    [InlineData("", null)]
    public void The_nearest_name_is_found(string word, string? expected) =>
        Assert.Equal(expected, NearestName.Find(word, ["Format", "Packages", "PackageDirectories"]));
}
