using System.Text;
using Roos.Builder.Signing;
using Roos.Core;
using Roos.Signing;
using Roos.Signing.Efi;
using Roos.Signing.OpenPgp;
using Roos.Testing;

namespace Roos.Builder.Tests.Commands;

public sealed class GenkeyTests
{
    private const UnixFileMode OwnerAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly Dictionary<string, string> Day = new(StringComparer.Ordinal) { ["SOURCE_DATE_EPOCH"] = "1754740800" }; // 2025-08-09 12:00 UTC

    [Fact]
    public void Every_key_is_written_with_its_public_part_and_private_ones_are_their_owners()
    {
        using var scratch = new ScratchFolder();
        var result = RoosProgram.Judge().RunWith(Day, "-C", scratch.Path, "genkey", "--pcr", "--openpgp", "--common-name", "Prüfstand", "--user-id", "Tests <tests@example.org>", "--valid-days", "10");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(["mkosi.crt", "mkosi.der", "mkosi.esl", "mkosi.key", "mkosi.pcr.key", "mkosi.pcr.pub", "mkosi.pgp.key", "mkosi.pgp.pub"], Files(scratch));
        foreach (var file in Files(scratch).Where(file => file.EndsWith(".key", StringComparison.Ordinal)))
        {
            Assert.Contains($"{file,-14} private key", result.Output, StringComparison.Ordinal);
            if (!OperatingSystem.IsWindows()) Assert.Equal(OwnerAlone, File.GetUnixFileMode(scratch[file]));
        }

        var (key, warnings) = KeyFiles.Load(scratch["mkosi.key"], null, TestContext.Current.CancellationToken);
        Assert.Empty(warnings);
        var certificate = KeyFiles.LoadCertificate(scratch["mkosi.crt"]);
        Assert.Null(KeyCheck.All(key.PublicKey, certificate, new DateTimeOffset(2025, 8, 9, 0, 0, 0, TimeSpan.Zero)));
        Assert.Equal("CN=Prüfstand", certificate.Subject);
        Assert.Equal(new DateTime(2025, 8, 9, 0, 0, 0, DateTimeKind.Utc), certificate.NotBefore);
        Assert.Equal(new DateTime(2025, 8, 18, 23, 59, 59, DateTimeKind.Utc), certificate.NotAfter);
        Assert.Equal(certificate.Der, File.ReadAllBytes(scratch["mkosi.der"]));
        Assert.Equal(certificate.Der, Assert.Single(Assert.Single(EfiSignatureList.Read(File.ReadAllBytes(scratch["mkosi.esl"]))).Signatures).Data);
        Assert.Equal(RsaPublicKey.ReadPem(File.ReadAllText(scratch["mkosi.pcr.pub"])), KeyFiles.Load(scratch["mkosi.pcr.key"], null, TestContext.Current.CancellationToken).Key.PublicKey);
        var openPgp = OpenPgpKey.Read(File.ReadAllBytes(scratch["mkosi.pgp.pub"]));
        Assert.Equal("Tests <tests@example.org>", openPgp.UserId);
        Assert.Equal(openPgp.PublicKey, KeyFiles.Load(scratch["mkosi.pgp.key"], null, TestContext.Current.CancellationToken).Key.PublicKey);
    }

    [Theory]
    [InlineData("mkosi.key")]
    [InlineData("mkosi.esl")]
    public void Nothing_that_is_there_is_overwritten_without_force(string there)
    {
        using var scratch = new ScratchFolder();
        File.WriteAllText(scratch[there], "precious");
        var result = RoosProgram.Judge().Run("-C", scratch.Path, "genkey");
        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith($"roos: {there}: is there already", result.Error, StringComparison.Ordinal);
        Assert.Equal([there], Files(scratch));
        Assert.Equal("precious", File.ReadAllText(scratch[there]));

        RoosProgram.Judge().Must("-C", scratch.Path, "genkey", "--force", "--quiet");
        Assert.Equal(["mkosi.crt", "mkosi.der", "mkosi.esl", "mkosi.key"], Files(scratch));
        Assert.NotEqual("precious", File.ReadAllText(scratch[there]));
        if (!OperatingSystem.IsWindows()) Assert.Equal(OwnerAlone, File.GetUnixFileMode(scratch["mkosi.key"]));
    }

    [Fact]
    public void A_PCR_key_comes_beside_the_keys_that_are_there()
    {
        using var scratch = new ScratchFolder();
        File.WriteAllText(scratch["mkosi.key"], "precious");
        RoosProgram.Judge().Must("-C", scratch.Path, "genkey", "--pcr", "--no-secure-boot");
        Assert.Equal(["mkosi.key", "mkosi.pcr.key", "mkosi.pcr.pub"], Files(scratch));
        Assert.Equal("precious", File.ReadAllText(scratch["mkosi.key"]));
    }

    [Fact]
    public void A_pass_phrase_from_a_file_opens_with_the_same_from_the_environment()
    {
        using var scratch = new ScratchFolder();
        File.WriteAllText(scratch["phrase"], "größer\r\nnot this line\n");
        RoosProgram.Judge().Must("-C", scratch.Path, "genkey", "--passphrase-file", "phrase");
        Assert.True(PrivateKey.IsEncrypted(File.ReadAllText(scratch["mkosi.key"])));
        var cancellation = TestContext.Current.CancellationToken;
        var error = Assert.Throws<RoosException>(() => KeyFiles.Load(scratch["mkosi.key"], null, cancellation));
        Assert.Contains("no pass phrase was given", error.Message, StringComparison.Ordinal);
        const string variable = "ROOS_TEST_PASS_PHRASE";
        Assert.Contains("is not set", Assert.Throws<RoosException>(() => KeyFiles.Load(scratch["mkosi.key"], PassPhrases.FromEnvironment(variable), cancellation)).Message, StringComparison.Ordinal);
        Environment.SetEnvironmentVariable(variable, "größe");
        Assert.Throws<WrongPassPhraseException>(() => KeyFiles.Load(scratch["mkosi.key"], PassPhrases.FromEnvironment(variable), cancellation));
        Environment.SetEnvironmentVariable(variable, "größer");
        Assert.Equal(KeyFiles.LoadCertificate(scratch["mkosi.der"]).PublicKey, KeyFiles.Load(scratch["mkosi.key"], PassPhrases.FromEnvironment(variable), cancellation).Key.PublicKey);
        Environment.SetEnvironmentVariable(variable, null);
    }

    [Theory]
    [InlineData("--bits takes 2048, 3072 or 4096; found 1024", "--bits", "1024")]
    [InlineData("--valid-days takes 1 to 36525; found 0", "--valid-days", "0")]
    [InlineData("--common-name takes 1 to 64 characters on one line", "--common-name", "a\nb")]
    [InlineData("--user-id is that of an OpenPGP key", "--user-id", "Somebody")]
    [InlineData("--no-secure-boot leaves no key to make", "--no-secure-boot")]
    [InlineData("a key has one pass phrase", "--passphrase-env", "A", "--passphrase")]
    public void Options_that_cannot_be_are_refused(string message, params string[] options)
    {
        using var scratch = new ScratchFolder();
        var result = RoosProgram.Judge().Run(["-C", scratch.Path, "genkey", .. options]);
        Assert.Equal(2, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Empty(Files(scratch));
    }

    [Theory]
    [InlineData("there is no terminal to ask", "--passphrase")]
    [InlineData("missing: the pass phrase of mkosi.key cannot be read from it", "--passphrase-file", "missing")]
    [InlineData("the environment variable ROOS_TEST_UNSET is to have the pass phrase", "--passphrase-env", "ROOS_TEST_UNSET")]
    public void A_pass_phrase_that_is_not_to_be_had_ends_it(string message, params string[] options)
    {
        using var scratch = new ScratchFolder();
        var result = RoosProgram.Judge().Run(["-C", scratch.Path, "genkey", .. options]);
        Assert.Equal(1, result.ExitCode);
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
        Assert.Empty(Files(scratch));
    }

    [Theory]
    [InlineData("", "the pass phrase is empty")]
    [InlineData("\n", "the pass phrase is empty")]
    [InlineData("1025", "a pass phrase has at most 1024 bytes")]
    [InlineData("bytes", "a pass phrase must be text in UTF-8")]
    public void Files_that_hold_no_pass_phrase_are_refused(string content, string message)
    {
        using var scratch = new ScratchFolder();
        File.WriteAllBytes(scratch["phrase"], content switch { "1025" => Encoding.ASCII.GetBytes(new string('x', 1025)), "bytes" => [0xff, 0xfe], _ => Encoding.ASCII.GetBytes(content) });
        var error = Assert.Throws<RoosException>(() => PassPhrases.FromFile(scratch["phrase"]).Get("mkosi.key", TestContext.Current.CancellationToken));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_that_others_can_read_are_warned_of()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has no modes");
            return;
        }

        using var scratch = new ScratchFolder();
        File.WriteAllText(scratch["mkosi.key"], PrivateKey.Generate(2048, new SeededRandom("warned")).ToPem(null, new SeededRandom("unused")));
        File.SetUnixFileMode(scratch["mkosi.key"], OwnerAlone | UnixFileMode.GroupRead);
        var warning = Assert.Single(KeyFiles.Load(scratch["mkosi.key"], null, TestContext.Current.CancellationToken).Warnings);
        Assert.Contains("others on this machine may read or change the private key in it (mode 0640); run: chmod 600", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_random_bytes_make_equal_files()
    {
        var request = new KeyRequest { Bits = 2048, Day = new DateTimeOffset(2025, 8, 9, 0, 0, 0, TimeSpan.Zero), ValidDays = 1, SecureBoot = true, Pcr = false, OpenPgp = true };
        var first = GeneratedKeys.Make(request, null, new SeededRandom("keys"), TestContext.Current.CancellationToken);
        var second = GeneratedKeys.Make(request, null, new SeededRandom("keys"), TestContext.Current.CancellationToken);
        Assert.Equal(request.FileNames, first.Files.Select(file => file.Name));
        foreach (var (one, other) in first.Files.Zip(second.Files)) Assert.Equal(one.Content, other.Content);
    }

    [Fact]
    public void A_write_that_fails_leaves_nothing_behind()
    {
        using var scratch = new ScratchFolder();
        KeyFile[] files = [KeyFile.Private("mkosi.key", "private"), KeyFile.Public("no/such/folder", "public")];
        Assert.Throws<RoosException>(() => KeyFilesWriter.Write(scratch.Path, files, replace: false));
        Assert.Empty(Files(scratch));
    }

    private static string[] Files(ScratchFolder scratch) => [.. Directory.EnumerateFileSystemEntries(scratch.Path).Select(path => Path.GetFileName(path)).Where(name => name is not "phrase").Order(StringComparer.Ordinal)];
}
