using Roos.Builder.Configuration;
using Roos.Builder.Steps;
using Roos.Core;
using Roos.Core.Tree;

namespace Roos.Builder.Tests.Steps;

public sealed class SettingsTests
{
    [Fact]
    public void Os_release_lines_are_replaced_where_they_stand_and_appended_else()
    {
        var tree = SmallTree.Of(("usr/lib/os-release", "ID=debian\nIMAGE_ID=old\nIMAGE_ID=older\nNAME=\"x\""), ("etc/os-release", "-> ../usr/lib/os-release"));
        var result = OsRelease.Apply(tree, "roos", "1.2");
        Assert.Equal("ID=debian\nIMAGE_ID=\"roos\"\nNAME=\"x\"\nIMAGE_VERSION=\"1.2\"\nSYSEXT_LEVEL=\"1.2\"\nCONFEXT_LEVEL=\"1.2\"\n", SmallTree.TextOf(result, "usr/lib/os-release"));
        Assert.Equal("1.2", OsRelease.Get(result, "IMAGE_VERSION"));
        Assert.Equal("x", OsRelease.Get(result, "NAME"));
        Assert.IsType<SymbolicLink>(result.Find("etc/os-release"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\"b")]
    [InlineData("a\nb")]
    [InlineData("ä")]
    public void An_image_id_of_other_characters_is_refused(string id)
    {
        var tree = SmallTree.Of(("usr/lib/os-release", "ID=debian\n"));
        Assert.Throws<UsageException>(() => OsRelease.Apply(tree, id, "1"));
    }

    [Fact]
    public void A_tree_without_os_release_is_no_system() =>
        Assert.Contains("os-release", Assert.Throws<RoosException>(() => OsRelease.Apply(FileTree.Empty, "roos", "1")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("roos", true)]
    [InlineData("_x-1", true)]
    [InlineData("a234567890123456789012345678901", true)]
    [InlineData("a2345678901234567890123456789012", false)]
    [InlineData("", false)]
    [InlineData("Roos", false)]
    [InlineData("1abc", false)]
    [InlineData("-abc", false)]
    [InlineData("a b", false)]
    [InlineData("a:b", false)]
    [InlineData("a/b", false)]
    [InlineData("a\nb", false)]
    [InlineData("root", false)]
    [InlineData("wheel", false)]
    [InlineData("www-data", false)]
    [InlineData("sudo", false)]
    [InlineData("systemd-anything", false)]
    [InlineData("käse", false)]
    public void User_names_are_checked(string name, bool good)
    {
        if (good) Assert.Null(DefaultUser.Problem(name));
        else Assert.Contains("DEFAULT_USER=", DefaultUser.Problem(name), StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_user_has_a_home_in_var_no_password_and_is_in_wheel()
    {
        var tree = SystemUsers.Apply(DefaultUser.Apply(SmallTree.Of(("etc/passwd", "root:x:0:0::/root:/bin/bash\n"), ("etc/group", "root:x:0:\n")), User("roos")), 86400 * 20000L);
        Assert.Equal("root:x:0:0::/root:/bin/bash\nroos:x:1000:1000:roos:/var/home/roos:/bin/bash\n", SmallTree.TextOf(tree, "etc/passwd"));
        Assert.Equal("root:x:0:\nwheel:x:999:roos\nroos:x:1000:\n", SmallTree.TextOf(tree, "etc/group"));
        Assert.Equal("roos:!*:20000::::::\n", SmallTree.TextOf(tree, "etc/shadow"));
        Assert.Contains("d /var/home/roos 0700 roos roos -\n", SmallTree.TextOf(tree, "usr/lib/tmpfiles.d/roos-default-user.conf"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("etc/passwd", "postgres:x:114:120::/var/lib/postgresql:/bin/bash\n", "user \"postgres\" with the ID 114")]
    [InlineData("etc/group", "postgres:x:120:\n", "group \"postgres\" with the ID 120")]
    [InlineData("usr/lib/sysusers.d/db.conf", "u postgres - \"Database\"\n", "/usr/lib/sysusers.d/db.conf:1 asks for a system user \"postgres\"")]
    [InlineData("usr/lib/sysusers.d/db.conf", "g postgres 120\n", "asks for a system group \"postgres\"")]
    public void The_default_user_is_none_that_packages_bring(string file, string content, string words)
    {
        var error = Assert.Throws<UsageException>(() => DefaultUser.Apply(SmallTree.Of((file, content)), User("postgres")));
        Assert.StartsWith("default: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_default_user_may_be_put_into_groups()
    {
        var tree = SystemUsers.Apply(DefaultUser.Apply(SmallTree.Of(("usr/lib/sysusers.d/a.conf", "g video -\nm roos video\n")), User("roos")), 0);
        Assert.Contains("roos:x:1000:1000:", SmallTree.TextOf(tree, "etc/passwd"), StringComparison.Ordinal);
        Assert.Matches("video:x:[0-9]+:roos\n", SmallTree.TextOf(tree, "etc/group"));
    }

    [Fact]
    public void Making_users_twice_changes_nothing_more()
    {
        var once = SystemUsers.Apply(SmallTree.Of(("usr/lib/sysusers.d/a.conf", "u a -\ng b -\nm a b\n")), 0);
        var twice = SystemUsers.Apply(once, 86400);
        foreach (var path in new[] { "etc/passwd", "etc/group", "etc/shadow", "etc/gshadow" }) Assert.Equal(SmallTree.TextOf(once, path), SmallTree.TextOf(twice, path));
    }

    [Theory]
    [InlineData("x a -\n", "test.conf:1")]
    [InlineData("u a -\nu 1a -\n", "test.conf:2")]
    [InlineData("g a b c d e f g\n", "columns")]
    [InlineData("u a 12x\n", "12x")]
    [InlineData("r - 9-3\n", "9-3")]
    [InlineData("u a - \"open\n", "quote")]
    [InlineData("u a -:nobody-here\n", "no group nobody-here")]
    [InlineData("u a - %H\n", "%H")]
    [InlineData("r - 5\nu a -\nu b -\n", "no id is free for b")]
    public void A_wrong_sysusers_line_is_named(string lines, string part) =>
        Assert.Contains(part, Assert.Throws<RoosException>(() => SystemUsers.Apply(SmallTree.Of(("usr/lib/sysusers.d/test.conf", lines)), 0)).Message, StringComparison.Ordinal);

    [Fact]
    public void Presets_of_a_tree_without_systemd_change_nothing()
    {
        var tree = SmallTree.Of(("etc/passwd", "x"));
        Assert.Equal(SmallTree.Paths(tree), SmallTree.Paths(Presets.Apply(tree)));
    }

    [Fact]
    public void Applying_presets_twice_changes_nothing_more()
    {
        var tree = SmallTree.Of(
            ("usr/lib/systemd/system-preset/1.preset", "enable a.service\ndisable *\n"),
            ("usr/lib/systemd/system/a.service", "[Install]\nWantedBy=m.target\nAlias=b.service\nAlso=c.service\n"),
            ("usr/lib/systemd/system/c.service", "[Install]\nWantedBy=n.target\n"),
            ("etc/systemd/system/m.target.wants/d.service", "-> /usr/lib/systemd/system/d.service"),
            ("usr/lib/systemd/system/d.service", "[Install]\nWantedBy=m.target\n"));
        var once = Presets.Apply(tree);
        Assert.NotNull(once.Find("etc/systemd/system/b.service"));
        Assert.NotNull(once.Find("etc/systemd/system/n.target.wants/c.service"));
        Assert.Null(once.Find("etc/systemd/system/m.target.wants/d.service"));
        Assert.Equal(SmallTree.Paths(once), SmallTree.Paths(Presets.Apply(once)));
    }

    [Fact]
    public void Links_in_circles_among_units_end()
    {
        var tree = SmallTree.Of(("usr/lib/systemd/system/a.service", "-> b.service"), ("usr/lib/systemd/system/b.service", "-> a.service"), ("usr/lib/systemd/system/c.service", "-> c.service"));
        Assert.Null(Presets.Apply(tree).Find("etc"));
    }

    [Theory]
    [InlineData("a*c", "abbbc", true)]
    [InlineData("a*c", "abbb", false)]
    [InlineData("[a-c]x", "bx", true)]
    [InlineData("[!a-c]x", "bx", false)]
    [InlineData("[]x]y", "]y", true)]
    [InlineData("[a", "[a", true)]
    [InlineData("?", "", false)]
    [InlineData("**", "", true)]
    [InlineData("*.service", "x.service", true)]
    [InlineData("*a*b", "xaybzb", true)]
    public void Globs_match_as_fnmatch(string pattern, string text, bool matches) => Assert.Equal(matches, GlobPattern.IsMatch(System.Text.Encoding.UTF8.GetBytes(pattern), System.Text.Encoding.UTF8.GetBytes(text)));

    private static Setting<string> User(string name) => new(name, SettingOrigin.Default);
}
