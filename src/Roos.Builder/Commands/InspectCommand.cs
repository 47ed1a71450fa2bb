using System.CommandLine;
using Roos.Builder.Inspection;
using Roos.Core.Bytes;

namespace Roos.Builder.Commands;

/// <summary><c>roos inspect FILE</c>: says what a file is, down to what is in the partitions of a disk.</summary>
internal static class InspectCommand
{
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "A disk, a partition, a file system, a hash device, a UKI, an initrd; a certificate, a public key, a signature (.esl, .auth, .gpg)" };
        var json = new Option<bool>("--json") { Description = "Print JSON" };
        var command = new Command("inspect", """
            Show what an image is and what is in it, down to who signed what and for which boot phases PCR policies are. Whether a
            signature comes from whom you trust is for roos verify to say. Exit status 1 where something in it breaks its format's rules.

            Examples:
              roos inspect mkosi.output/roos_0.1.raw
              roos inspect --json mkosi.output/roos_0.1.efi
              roos inspect mkosi.crt
            """)
        {
            file,
            json,
        };
        command.SetAction(parsed =>
        {
            using var source = FileSource.Open(parsed.GetRequiredValue(file));
            var finding = Inspector.Inspect(source);
            Console.Out.Write(parsed.GetValue(json) ? FindingFormat.Json(source.Path, finding) : FindingFormat.Text(source.Path, finding));
            return finding.HasProblems ? Program.Failed : Program.Done;
        });
        return command;
    }
}
