using Roos.Builder.Configuration;

namespace Roos.Builder.Tests.Configuration;

public class ApplianceConfigurationTests
{
    private static IEnumerable<string> Texts(IEnumerable<Setting<string>> items) => items.Select(item => item.Value);

    [Fact]
    public void Lists_append_and_an_empty_assignment_resets()
    {
        using var tree = new TestTree(
            ("mkosi.conf", "[Content]\nKernelCommandLine=a b\nKernelCommandLine=c\nRemoveFiles=/x, /y\n"),
            ("mkosi.conf.d/10.conf", "[Content]\nKernelCommandLine=\n  d\n  e=1,2\n"),
            ("mkosi.conf.d/20.conf", "[Content]\nRemoveFiles=\nRemoveFiles=/z\n"),
            ("mkosi.conf.d/ignored.txt", "nonsense"));
        var main = tree.Load().Main;
        Assert.Equal(["a", "b", "c", "d", "e=1,2"], Texts(main.KernelCommandLine));
        Assert.Equal(["mkosi.conf:2:19", "mkosi.conf:2:21", "mkosi.conf:3:19", "mkosi.conf.d/10.conf:3:3", "mkosi.conf.d/10.conf:4:3"], main.KernelCommandLine.Select(item => tree.Short(item.Origin)));
        Assert.Equal(["/z"], Texts(main.RemoveFiles));
    }

    [Fact]
    public void The_order_is_local_then_file_then_drop_ins_then_profiles_and_the_command_line_wins()
    {
        using var tree = new TestTree(
            ("mkosi.local.conf", "[Output]\nImageId=local\n[Content]\nPackages=local-package\n"),
            ("mkosi.conf", "[Config]\nProfiles=p\n[Output]\nImageId=main\n[Content]\nHostname=main\nLocale=main\nTimezone=main\nPackages=zz\n"),
            ("mkosi.conf.d/a/mkosi.conf", "[Content]\nHostname=dropin\nLocale=dropin\nPackages=aa\n"),
            ("mkosi.profiles/p/mkosi.conf", "[Content]\nHostname=profile\nPackages=mm\n"));
        var main = tree.Load(CommandLineOverrides.None.With("Packages", "cli")).Main;
        Assert.Equal(("local", "profile", "dropin", "main"), (main.ImageId.Value, main.Hostname.Value, main.Locale.Value, main.Timezone.Value));
        Assert.Equal(["aa", "mm", "zz", "local-package", "cli"], Texts(main.Packages));
        Assert.Equal("command line (--package)", main.Packages[4].Origin.ToString());
        Assert.Equal("mkosi.local.conf:2:9", tree.Short(main.ImageId.Origin));
        var reset = tree.Load(CommandLineOverrides.None.With("Packages", "").With("Hostname", "x")).Main;
        Assert.Empty(reset.Packages);
        Assert.Equal("x", reset.Hostname.Value);
    }

    [Fact]
    public void Folders_and_files_are_picked_up_by_name_in_every_configuration_folder()
    {
        using var tree = new TestTree(
            ("mkosi.conf", "[Output]\nImageId=box\nOutput=%i_%v\n"), ("mkosi.version", "1.2\n"), ("mkosi.extra/etc/a", ""), ("mkosi.repart/00-esp.conf", ""),
            ("mkosi.env", "# comment\nDEFAULT_USER = me\nUPDATE_URL=https://x/?a=b\n"), ("mkosi.uki-profiles/10-reset.conf", "[UKIProfile]\nProfile=\n  ID=reset\n  TITLE=Factory Reset\nCmdline=\n  a b\n  c\n"),
            ("mkosi.conf.d/base/mkosi.extra/etc/b", ""), ("mkosi.conf.d/base/mkosi.repart/10-root.conf", ""), ("config/authorized_keys", "ssh-ed25519 x"));
        var configuration = tree.Load();
        var main = configuration.Main;
        Assert.Equal(("box_1.2", "1.2"), (main.Output.Value, main.ImageVersion.Value));
        Assert.Equal(["mkosi.extra", "mkosi.conf.d/base/mkosi.extra"], main.ExtraTrees.Select(extra => tree.Relative(extra.Source)));
        Assert.Equal(["mkosi.repart", "mkosi.conf.d/base/mkosi.repart"], main.RepartDirectories.Select(item => tree.Relative(item.Value)));
        Assert.Equal(("me", "https://x/?a=b"), (main.Variable("DEFAULT_USER")!.Value, main.Variable("UPDATE_URL")!.Value));
        var profile = Assert.Single(main.UkiProfiles);
        Assert.Equal(("10-reset", "reset", "Factory Reset", "a b c"), (profile.Name, profile.Field("ID"), profile.Field("TITLE"), string.Join(' ', Texts(profile.CommandLine))));
        Assert.Equal("config/authorized_keys", tree.Relative(configuration.AuthorizedKeys!));
        Assert.Empty(configuration.Notes);
        Assert.Empty(configuration.Obstacles);
    }

    [Fact]
    public void An_image_on_a_base_tree_has_the_bases_content_before_its_own()
    {
        using var tree = new TestTree(
            ("mkosi.conf", "[Output]\nImageId=roos\nImageVersion=7\nOutputDirectory=mkosi.output\n[Content]\nPackages=mine\nLocale=de_DE.UTF-8\n"), ("mkosi.extra/f", ""),
            ("mkosi.conf.d/roos-base/mkosi.conf", "[Config]\nDependencies=\n  roos-base\n  initrd\n[Content]\nBaseTrees=%O/roos-base\nInitrds=%O/initrd\nBootable=yes\n"),
            ("mkosi.images/roos-base/mkosi.conf", "[Output]\nFormat=directory\n[Content]\nWithDocs=no\nLocale=C.UTF-8\nTimezone=UTC\nPackages=systemd\nRemoveFiles=/x\n"), ("mkosi.images/roos-base/mkosi.extra/g", ""),
            ("mkosi.images/initrd/mkosi.conf", "[Output]\nFormat=cpio\n[Content]\nMakeInitrd=yes\nPackages=udev\n"),
            ("mkosi.images/unused/mkosi.conf", "[Output]\nFormat=oci\n"));
        var configuration = tree.Load();
        Assert.Equal(["roos-base", "initrd", "main"], configuration.Images.Select(image => image.Name));
        var main = configuration.Main;
        Assert.Equal(["roos-base"], main.Bases);
        Assert.Equal(["systemd", "mine"], Texts(main.Packages)); // the base's come first
        Assert.Equal(["mkosi.images/roos-base/mkosi.extra", "mkosi.extra"], main.ExtraTrees.Select(extra => tree.Relative(extra.Source)));
        Assert.Equal((false, "de_DE.UTF-8", "UTC"), (main.WithDocs.Value, main.Locale.Value, main.Timezone.Value));
        Assert.Equal("mkosi.images/roos-base/mkosi.conf:4:10", tree.Short(main.WithDocs.Origin));
        Assert.Equal("initrd", Assert.Single(main.Initrds).Image);
        Assert.Equal(["mine"], main.Own["Packages"].Items.Select(item => item.Value));
        var initrd = configuration.Image("initrd");
        Assert.Equal(("cpio", "zstd", "initrd_7", true), (initrd.Format.Value, initrd.CompressOutput.Value, initrd.Output.Value, initrd.MakeInitrd.Value));
        Assert.Equal(main.OutputDirectory.Value, initrd.OutputDirectory.Value);
        configuration.RequireSupported();
    }

    [Fact]
    public void A_bootable_image_without_initrd_gets_the_default_one()
    {
        using var tree = new TestTree(
            ("mkosi.conf", "[Content]\nBootable=yes\nInitrdPackages=nvme-cli\n"), ("mkosi.initrd.conf/mkosi.conf", "[Content]\nPackages=extra-one\n"), ("mkosi.initrd.conf/mkosi.extra/x", ""));
        var configuration = tree.Load();
        Assert.Equal(["default-initrd", "main"], configuration.Images.Select(image => image.Name));
        var initrd = configuration.Image("default-initrd");
        Assert.Contains("nvme-cli", Texts(initrd.Packages));
        Assert.Contains("extra-one", Texts(initrd.Packages));
        Assert.Equal("mkosi.initrd.conf/mkosi.extra", tree.Relative(Assert.Single(initrd.ExtraTrees).Source));
        Assert.Equal("cpio", initrd.Format.Value);
    }

    [Theory]
    [InlineData("Distribution=debian", true)]
    [InlineData("Distribution=!debian", false)]
    [InlineData("Distribution=|fedora\nRelease=|trixie", true)]
    [InlineData("Distribution=|fedora\nRelease=|sid", false)]
    [InlineData("Distribution=debian\nRelease=|sid\nRelease=|!forky", true)]
    [InlineData("Architecture=x86-64", true)]
    [InlineData("Architecture=uefi", true)]
    [InlineData("Image=main", true)]
    [InlineData("Image=initrd", false)]
    [InlineData("Profiles=p", true)]
    [InlineData("Profiles=q", false)]
    [InlineData("Format=disk", true)]
    [InlineData("ImageId=ro*", true)]
    [InlineData("ImageVersion=>=1.9", true)]
    [InlineData("ImageVersion=<1.9", false)]
    [InlineData("Bootable=auto", true)]
    [InlineData("Environment=KEY", true)]
    [InlineData("Environment=KEY=two", false)]
    [InlineData("PathExists=mkosi.conf", true)]
    [InlineData("PathExists=../nothing", false)]
    public void Conditions_decide_whether_a_drop_in_counts(string conditions, bool expected)
    {
        using var tree = new TestTree(
            ("mkosi.conf", "[Config]\nProfiles=p\n[Distribution]\nRelease=trixie\nArchitecture=x86-64\n[Output]\nImageId=roos\nImageVersion=1.10\n[Build]\nEnvironment=KEY=one\n"),
            ("mkosi.profiles/p.conf", ""), ("mkosi.conf.d/x.conf", $"[Match]\n{conditions}\n[Content]\nHostname=yes\n"));
        Assert.Equal(expected ? "yes" : null, tree.Load().Main.Hostname.Value);
    }

    [Fact]
    public void One_of_the_trigger_sections_must_hold()
    {
        using var tree = new TestTree(
            ("mkosi.conf", ""),
            ("mkosi.conf.d/1.conf", "[TriggerMatch]\nDistribution=fedora\n[TriggerMatch]\nDistribution=debian\nImage=main\n[Content]\nHostname=a\n"),
            ("mkosi.conf.d/2.conf", "[TriggerMatch]\nDistribution=fedora\n[TriggerMatch]\nImage=other\n[Content]\nLocale=b\n"));
        var main = tree.Load().Main;
        Assert.Equal(("a", null), (main.Hostname.Value, main.Locale.Value));
    }

    [Fact]
    public void Includes_are_read_where_they_stand_and_once()
    {
        using var tree = new TestTree(
            ("mkosi.conf", "[Content]\nHostname=before\n[Include]\nInclude=shared/one.conf shared/two\n[Content]\nLocale=after\n"),
            ("shared/one.conf", "[Include]\nInclude=mkosi.conf\nInclude=shared/one.conf\n[Content]\nHostname=one\nLocale=one\n"),
            ("shared/two/mkosi.conf", "[Content]\nTimezone=two\nExtraTrees=tree:/opt\n"), ("shared/two/tree/x", ""));
        var main = tree.Load().Main;
        Assert.Equal(("one", "after", "two"), (main.Hostname.Value, main.Locale.Value, main.Timezone.Value));
        Assert.Equal(("shared/two/tree", "/opt"), (tree.Relative(main.ExtraTrees[0].Source), main.ExtraTrees[0].Target));
    }

    [Fact]
    public void Specifiers_stand_for_settings_and_folders()
    {
        using var tree = new TestTree(
            ("mkosi.conf", "[Distribution]\nArchitecture=arm64\n[Output]\nImageId=box\nImageVersion=3\nOutput=%i-%v-%d-%r-%a-%t\n[Content]\nHostname=%I 100%%\nKernelCommandLine=x=%o\n"),
            ("mkosi.conf.d/d/mkosi.conf", "[Build]\nEnvironment=HERE=%C THERE=%D\n"));
        var main = tree.Load().Main;
        Assert.Equal(("box-3-debian-trixie-arm64-disk", "main 100%"), (main.Output.Value, main.Hostname.Value));
        Assert.Equal("x=" + main.Output.Value, main.KernelCommandLine[0].Value);
        Assert.Equal((Path.Combine(tree.Root, "mkosi.conf.d/d"), tree.Root), (main.Variable("HERE")!.Value, main.Variable("THERE")!.Value));
    }

    [Fact]
    public void A_specifier_that_is_not_set_is_left_out_with_a_note()
    {
        using var tree = new TestTree(("mkosi.conf", "[Content]\nHostname=a%v-%i\n"));
        var configuration = tree.Load();
        Assert.Equal("a-", configuration.Main.Hostname.Value);
        Assert.Equal("mkosi.conf:2:11: %v stands for ImageVersion=, which is not set before this line; it is left out", tree.Short(configuration.Notes[0]));
    }

    [Fact]
    public void Environment_is_quoted_as_in_a_shell_and_overrides_files()
    {
        using var tree = new TestTree(("mkosi.conf", "[Build]\nEnvironment=\"A=one two\" B='x' C\nEnvironment=B=y\n"), ("mkosi.env", "A=file\nD=d\n"));
        tree.Environment["C"] = "from outside";
        Assert.Equal(["A=one two", "B=y", "C=from outside", "D=d"], tree.Load().Main.Environment.Select(item => $"{item.Value.Key}={item.Value.Value}").Order());
    }

    [Fact]
    public void Time_and_seed_have_defaults_that_do_not_depend_on_the_machine()
    {
        using var tree = new TestTree(("mkosi.conf", "[Output]\nImageId=roos\n"));
        var main = tree.Load().Main;
        Assert.Null(main.SourceDateEpoch.Value);
        // Pinned: partition UUIDs of machines in the field come from it.
        Assert.Equal("a7044e72-1876-4bd3-9068-ec1985301d8e", main.Seed.Value.Value.ToString());
        tree.Environment["SOURCE_DATE_EPOCH"] = "1700000000";
        Assert.Equal((1700000000L, "environment (SOURCE_DATE_EPOCH)"), (tree.Load().Main.SourceDateEpoch.Value!.Value, tree.Load().Main.SourceDateEpoch.Origin.ToString()));
        Assert.Equal(5, tree.Load(CommandLineOverrides.None.With("SourceDateEpoch", "5")).Main.SourceDateEpoch.Value);
    }

    [Fact]
    public void Settings_without_effect_are_noted_and_unsupported_ones_stop_a_build()
    {
        using var tree = new TestTree(
            ("mkosi.conf", "[Output]\nFormat=oci\n[Content]\nBiosBootloader=none\nOverlay=no\nSsh=auto\nAutologin=yes\n[Build]\nToolsTree=default\nIncremental=yes\n[Host]\nQemuMem=4G\n"), ("mkosi.postinst.chroot", "#!/bin/sh"));
        var configuration = tree.Load();
        Assert.Equal(
            [
                "mkosi.conf:5:1: Overlay= belongs into [Output], not into [Content]; it is used all the same",
                "mkosi.conf:9:1: ToolsTree= has no effect: Roos needs no tools besides itself",
                "mkosi.conf:10:1: Incremental= has no effect: Roos keeps a cache of package trees and builds everything else anew",
                "mkosi.conf:12:1: QemuMem= is an old name; write RAM=",
                "mkosi.conf:12:1: RAM= has no effect: 'roos vm' has options of its own",
            ],
            configuration.Notes.Select(tree.Short));
        Assert.Equal(
            [
                "mkosi.conf:2:8: Format=oci is not supported yet (supported: disk, directory, cpio, none)\n    2 | Format=oci\n      |        ^",
                "mkosi.postinst.chroot: PostInstallationScripts= is not supported yet; scripts are not run yet: put files into mkosi.extra/ and units into the image",
                "mkosi.conf:7:11: Autologin= is not supported yet; ship a preset that enables a login, as docs say for development\n    7 | Autologin=yes\n      |           ^",
            ],
            configuration.Obstacles.Select(tree.Short));
        Assert.Throws<UsageException>(configuration.RequireSupported);
    }
}
