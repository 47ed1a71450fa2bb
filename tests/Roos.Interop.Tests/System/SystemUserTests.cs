using System.Text;
using Roos.Builder.Steps;
using Roos.Core.Tree;
using Roos.Testing;

namespace Roos.Interop.Tests.Settings;

/// <summary>passwd, group, shadow and gshadow are those that systemd-sysusers of trixie writes.</summary>
public sealed class SystemUserTests
{
    private const long Epoch = 1_700_000_000;

    [Fact]
    public void A_real_Debian_system_gets_the_same_accounts()
    {
        var sysusers = Judge.InTree("systemd-sysusers");
        using var scratch = new ScratchFolder();
        var tree = Judge.ToolsTree!;
        Directory.CreateDirectory(scratch["usr/lib"]);
        Directory.CreateDirectory(scratch["etc"]);
        Judge.Host("cp").Must("-a", tree + "/usr/lib/sysusers.d", tree + "/usr/lib/os-release", scratch["usr/lib"]);
        foreach (var name in new[] { "passwd", "group", "shadow", "gshadow", "login.defs" }) Judge.Host("cp").Must("-a", $"{tree}/etc/{name}", scratch["etc/"]);
        SmallTrees.Write(scratch.Path, new Dictionary<string, string>
        {
            ["usr/lib/sysusers.d/zz.conf"] = "g wheel -\ng roos 1000\nu roos 1000:roos \"roos\" /var/home/roos /bin/bash\nm roos wheel\nm roos adm\nu another -\n",
        });
        Compare(sysusers, scratch.Path);
    }

    [Fact]
    public void A_system_without_accounts_gets_the_same()
    {
        var sysusers = Judge.InTree("systemd-sysusers");
        using var scratch = new ScratchFolder();
        Directory.CreateDirectory(scratch["usr/lib"]);
        Directory.CreateDirectory(scratch["etc"]);
        Judge.Host("cp").Must("-a", Judge.ToolsTree + "/usr/lib/sysusers.d", Judge.ToolsTree + "/usr/lib/os-release", scratch["usr/lib"]);
        Compare(sysusers, scratch.Path);
    }

    [Theory]
    [InlineData("u a -\nu b -\ng c -\ng d -\nu d -\n")]
    [InlineData("u a 500\nu b 500\ng c 500\nu! locked -\n")]
    [InlineData("r - 500-502\nu a -\ng b -\nu c -\n")]
    [InlineData("r - 700\nr - 600-601\nu a -\nu b -\nu c -\n")]
    [InlineData("u a 300:400\ng four 400\n")]
    [InlineData("u a 300:four \"A user\" /var/lib/a /bin/sh\ng four 400\n")]
    [InlineData("g b 350\nu a -:b\nu b 350\n")]
    [InlineData("m a b\nm a c\nm d b\n")]
    [InlineData("u existing 123\ng existing -\nm existing staff\nm another staff\n")]
    [InlineData("u %o-user - \"of %o %w\" /home/%%\n")]
    [InlineData("u 'q' - 'single quoted'\n# comment\n\ng two 777\nu two -\n")]
    [InlineData("g x 901\nu y 901\nu z 901:x\n")]
    [InlineData("u root 0 \"Super User\" /root\nu nobody 65534:65534\ng nobody 65534\n")]
    [InlineData("g a 999\ng b 998\nu c -\nu taken 44\n")]
    [InlineData("u a - \"first\"\nu a - \"second\"\n")]
    public void Lines_of_every_kind_get_the_same(string lines)
    {
        var sysusers = Judge.InTree("systemd-sysusers");
        using var scratch = new ScratchFolder();
        SmallTrees.Write(scratch.Path, new Dictionary<string, string>
        {
            ["usr/lib/os-release"] = "ID=debian\nVERSION_ID=\"13\"\n",
            ["etc/passwd"] = "existing:x:123:124:Somebody:/home/e:/bin/sh\nhigh:x:997:997::/:/bin/false\n",
            ["etc/group"] = "existing:x:124:\nstaff:x:50:zoe\nhigh:x:997:\nvideo:x:44:\nplugdev:x:46:existing\n",
            ["etc/shadow"] = "existing:*:19000:0:99999:7:::\nleftover:*:1::::::\n",
            ["etc/gshadow"] = "existing:!::\nstaff:*::zoe\n",
            ["usr/lib/sysusers.d/test.conf"] = lines,
        });
        Compare(sysusers, scratch.Path);
    }

    private static void Compare(Judge sysusers, string folder)
    {
        string[] names = ["passwd", "group", "shadow", "gshadow"];
        var tree = SystemUsers.Apply(HostTree.Read(folder), Epoch);
        var mine = names.Select(name => tree.Find("etc/" + name) is RegularFile file ? Encoding.UTF8.GetString(file.Content.ToArray()) : "").ToList();
        var result = sysusers.RunWith(new Dictionary<string, string> { ["SOURCE_DATE_EPOCH"] = "1700000000" }, "--root=" + folder);
        Assert.True(result.ExitCode == 0, result.ToString());
        foreach (var (name, ours) in names.Zip(mine))
        {
            var path = Path.Combine(folder, "etc", name);
            Assert.Equal($"{name}\n{(File.Exists(path) ? File.ReadAllText(path) : "")}", $"{name}\n{ours}");
        }
    }
}
