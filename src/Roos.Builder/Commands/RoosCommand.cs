using System.CommandLine;

namespace Roos.Builder.Commands;

/// <summary>The root command: every verb is a class of its own in this folder, listed here in the order of --help.</summary>
internal static class RoosCommand
{
    public static RootCommand Create()
    {
        var root = new RootCommand("Builds read-only Linux appliance images: GPT, FAT, EroFS, dm-verity, cpio and UKI, in managed code.")
        {
            GlobalOptions.Directory,
            GlobalOptions.Debug,
            GlobalOptions.Quiet,
            InitCommand.Create(),
            GenkeyCommand.Create(),
            BuildCommand.Create(),
            AttachSignaturesCommand.Create(),
            ExtensionCommand.Create(),
            CredsCommand.Create(),
            BumpCommand.Create(),
            PublishCommand.Create(),
            ServeCommand.Create(),
            SummaryCommand.Create(),
            CatConfigCommand.Create(),
            InspectCommand.Create(),
            VerifyCommand.Create(),
            VmCommand.Create(),
            MeasureCommand.Create(),
            UkiCommand.Create(),
            CleanCommand.Create(),
            MkfsErofsCommand.Create(),
            VerityCommand.Create(),
        };
        return root;
    }
}
