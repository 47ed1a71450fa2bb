using Roos.Builder.Steps;
using Roos.Testing;

namespace Roos.Interop.Tests.Settings;

/// <summary>The links in /etc/systemd are those that systemctl of trixie makes.</summary>
public sealed class PresetTests
{
    [Fact]
    public void A_real_Debian_system_gets_the_same_links()
    {
        var systemctl = Judge.InTree("systemctl");
        using var scratch = new ScratchFolder();
        CopyConfiguration(scratch.Path);
        Compare(systemctl, scratch.Path);
    }

    [Fact]
    public void A_real_Debian_system_with_everything_disabled_but_ssh_gets_the_same_links()
    {
        var systemctl = Judge.InTree("systemctl");
        using var scratch = new ScratchFolder();
        CopyConfiguration(scratch.Path);
        Directory.CreateDirectory(scratch["etc/systemd/system-preset"]);
        File.WriteAllText(scratch["etc/systemd/system-preset/00-test.preset"], "enable systemd-networkd.service\ndisable *\n");
        Compare(systemctl, scratch.Path);
    }

    [Fact]
    public void Every_kind_of_unit_gets_the_same_links()
    {
        var systemctl = Judge.InTree("systemctl");
        using var scratch = new ScratchFolder();
        SmallTrees.Write(scratch.Path, SyntheticUnits);
        Compare(systemctl, scratch.Path);
    }

    [Fact]
    public void An_initrd_gets_the_same_links()
    {
        var systemctl = Judge.InTree("systemctl");
        using var scratch = new ScratchFolder();
        SmallTrees.Write(scratch.Path, new Dictionary<string, string>(SyntheticUnits)
        {
            ["etc/initrd-release"] = "ID=debian\n",
            ["usr/lib/systemd/initrd-preset/50.preset"] = "disable plain.service\nenable off.service\n", // read by systemd 258
        });
        Compare(systemctl, scratch.Path);
    }

    private static readonly Dictionary<string, string> SyntheticUnits = new()
    {
        ["usr/lib/os-release"] = "ID=debian\nVERSION_ID=\"13\"\n",
        ["usr/lib/systemd/system-preset/90-default.preset"] = "disable *\n",
        ["usr/lib/systemd/system-preset/50-vendor.preset"] =
            """
            # comment
            ; comment
            enable plain.service
            enable tmpl@.service one two
            enable default@.service
            enable alias*.service
            enable also.service
            enable chain-?.service
            enable [xy]-*.service
            enable noinstance@.service
            enable spec@.service a-b
            enable dropin.service
            enable masked*.service
            enable linked.service
            enable reset.service
            ignore left-*.service
            enable upheld.service
            enable continued.service
            enable dep@.service
            enable bad line.service
            frobnicate thing.service
            enable conflict.service
            enable same.service
            """,
        ["etc/systemd/system-preset/50-vendor.preset.off"] = "disable plain.service\n",
        ["etc/systemd/system-preset/40-admin.preset"] = "disable overruled.service\n",
        ["usr/lib/systemd/system-preset/40-admin.preset"] = "enable overruled.service\n",
        ["usr/lib/systemd/system-preset/41-masked.preset"] = "disable plain.service\n",
        ["etc/systemd/system-preset/41-masked.preset"] = "-> /dev/null",

        ["usr/lib/systemd/system/plain.service"] = "[Unit]\nDescription=x\n[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target other.target\nRequiredBy=need.target\n",
        ["usr/lib/systemd/system/off.service"] = "[Install]\nWantedBy=multi-user.target\nAlias=gone.service\n",
        ["etc/systemd/system/multi-user.target.wants/off.service"] = "-> /usr/lib/systemd/system/off.service",
        ["etc/systemd/system/extra.target.wants/off.service"] = "-> ../../../../usr/lib/systemd/system/off.service",
        ["etc/systemd/system/gone.service"] = "-> /usr/lib/systemd/system/off.service",
        ["etc/systemd/system/later.target.wants/gone.service"] = "-> /etc/systemd/system/gone.service",
        ["usr/lib/systemd/system/overruled.service"] = "[Install]\nWantedBy=multi-user.target\n",
        ["usr/lib/systemd/system/static.service"] = "[Service]\nExecStart=/bin/true\n",
        ["usr/lib/systemd/system/tmpl@.service"] = "[Install]\nWantedBy=multi-user.target\nDefaultInstance=unused\n",
        ["usr/lib/systemd/system/default@.service"] = "[Install]\nWantedBy=multi-user.target slot-%i.target\nDefaultInstance=first\n",
        ["usr/lib/systemd/system/noinstance@.service"] = "[Install]\nWantedBy=multi-user.target user@.service inst@a.service\n",
        ["usr/lib/systemd/system/spec@.service"] = "[Install]\nWantedBy=%p-%i.target %N.target %j.target\nAlias=other@%i.service\nAlias=%p-plain@.service\n",
        ["usr/lib/systemd/system/alias.service"] = "[Install]\nAlias=first-name.service second-name.service\nAlias=wrong.socket\nAlias=alias.service\nWantedBy=multi-user.target\n",
        ["usr/lib/systemd/system/alias-old.service"] = "[Install]\nAlias=multi-user.target.wants/alias-old.service\n",
        ["usr/lib/systemd/system/also.service"] = "[Install]\nAlso=also.socket missing.service\nWantedBy=multi-user.target\n",
        ["usr/lib/systemd/system/also.socket"] = "[Install]\nWantedBy=sockets.target\n",
        ["usr/lib/systemd/system/chain-a.service"] = "[Install]\nWantedBy=a.target\nAlias=chain-alias.service\n",
        ["usr/lib/systemd/system/vendor-alias.service"] = "-> chain-a.service",
        ["usr/lib/systemd/system/x-one.service"] = "[Install]\nWantedBy=x.target\n",
        ["usr/lib/systemd/system/z-one.service"] = "[Install]\nWantedBy=x.target\n",
        ["usr/lib/systemd/system/dropin.service"] = "[Install]\nWantedBy=one.target\n",
        ["etc/systemd/system/dropin.service.d/10.conf"] = "[Install]\nWantedBy=two.target\n",
        ["usr/lib/systemd/system/dropin.service.d/05.conf"] = "[Install]\nWantedBy=\nWantedBy=three.target\n",
        ["usr/lib/systemd/system/masked.service"] = "[Install]\nWantedBy=multi-user.target\n",
        ["etc/systemd/system/masked.service"] = "-> /dev/null",
        ["usr/lib/systemd/system/masked-empty.service"] = "",
        ["opt/linked.service"] = "[Install]\nWantedBy=multi-user.target\n",
        ["etc/systemd/system/linked.service"] = "-> /opt/linked.service",
        ["usr/lib/systemd/system/reset.service"] = "[Install]\nWantedBy=one.target\nWantedBy=\nWantedBy=two.target\n",
        ["usr/lib/systemd/system/left-1.service"] = "[Install]\nWantedBy=one.target\n",
        ["etc/systemd/system/one.target.wants/left-1.service"] = "-> /usr/lib/systemd/system/left-1.service",
        ["usr/lib/systemd/system/upheld.service"] = "[Install]\nUpheldBy=one.target\n",
        ["usr/lib/systemd/system/continued.service"] = "[Install]\nWantedBy=a.target \\\n# between\n  b.target\n",
        ["usr/lib/systemd/system/dep@.service"] = "[Install]\nRequiredBy=dep@.target\n",
        ["usr/lib/systemd/system/dep@.target"] = "[Unit]\n",
        ["usr/lib/systemd/system/conflict.service"] = "[Install]\nAlias=taken.service\nWantedBy=c.target\n",
        ["etc/systemd/system/taken.service"] = "-> /usr/lib/systemd/system/plain.service",
        ["etc/systemd/system/c.target.wants/conflict.service"] = "-> /usr/lib/systemd/system/plain.service",
        ["usr/lib/systemd/system/same.service"] = "[Install]\nWantedBy=s.target\n",
        ["etc/systemd/system/s.target.wants/same.service"] = "-> ../../../../usr/lib/systemd/system/same.service",
        ["etc/systemd/system/dangling.service"] = "-> /usr/lib/systemd/system/none.service",
        ["etc/systemd/system/stale.target.wants/none.service"] = "-> /usr/lib/systemd/system/none.service",
        ["usr/lib/systemd/system/local.service"] = "[Install]\nWantedBy=vendor.target\n",
        ["etc/systemd/system/local.service"] = "[Install]\nWantedBy=admin.target\n",
        ["usr/lib/systemd/system/quotes.service"] = "[Install]\nWantedBy=\"q.target\"\n",
        ["usr/lib/systemd/user-preset/90.preset"] = "disable nothing.service\nenable *\n",
        ["usr/lib/systemd/user/agent.service"] = "[Install]\nWantedBy=default.target\n",
        ["usr/lib/systemd/user/agent.socket"] = "[Install]\nWantedBy=sockets.target\nAlso=agent.service\n",
        ["usr/lib/systemd/user/nothing.service"] = "[Install]\nWantedBy=default.target\n",
    };

    private static void Compare(Judge systemctl, string folder)
    {
        var mine = SmallTrees.Describe(Presets.Apply(HostTree.Read(folder)), "etc/systemd");
        // Its exit status tells of units that cannot be enabled, which is no failure of the whole.
        systemctl.Run("--root=" + folder, "preset-all");
        systemctl.Run("--root=" + folder, "--global", "preset-all");
        Assert.Equal(SmallTrees.Describe(HostTree.Read(folder), "etc/systemd"), mine);
    }

    private static void CopyConfiguration(string folder)
    {
        var tree = Judge.ToolsTree!;
        Directory.CreateDirectory(Path.Combine(folder, "usr/lib"));
        Judge.Host("cp").Must("-a", tree + "/etc", folder + "/etc");
        foreach (var name in new[] { "systemd", "os-release" }) Judge.Host("cp").Must("-a", tree + "/usr/lib/" + name, folder + "/usr/lib/");
    }
}
