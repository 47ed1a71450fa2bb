using System.CommandLine;
using System.Reflection;

namespace Roos.Builder.Commands;

/// <summary><c>roos init DIR</c>: writes the template that is embedded in the program.</summary>
internal static class InitCommand
{
    private const string Prefix = "template/";

    public static Command Create()
    {
        var directory = new Argument<string>("DIR") { Description = "A directory that does not exist or is empty" };
        var command = new Command("init", """
            Write the template of an appliance tree.

            Example:
              roos init my-appliance
              cp ~/.ssh/id_ed25519.pub my-appliance/config/authorized_keys
              roos -C my-appliance build
            """)
        {
            directory,
        };
        command.SetAction(parsed =>
        {
            var target = parsed.GetRequiredValue(directory);
            var count = Write(target);
            Console.Out.WriteLine($"{target}: {count} files written; next, put a public key into {Path.Combine(target, "config", "authorized_keys")} and run: roos -C {target} build");
            return Program.Done;
        });
        return command;
    }

    internal static int Write(string target)
    {
        var assembly = Assembly.GetExecutingAssembly();
        var names = assembly.GetManifestResourceNames().Select(name => (Resource: name, Path: name.Replace('\\', '/')))
            .Where(name => name.Path.StartsWith(Prefix, StringComparison.Ordinal)).OrderBy(name => name.Path, StringComparer.Ordinal).ToList();
        if (names.Count == 0) throw new InvalidOperationException("this program was built without the template");
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
        {
            throw new UsageException($"{target}: exists and is not empty; roos init overwrites nothing, so name a new directory");
        }

        foreach (var (resource, path) in names)
        {
            var file = Path.Combine(target, Path.Combine(path[Prefix.Length..].Split('/')));
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using var stream = assembly.GetManifestResourceStream(resource)!;
            using var memory = new MemoryStream();
            stream.CopyTo(memory);
            var bytes = memory.ToArray();
            File.WriteAllBytes(file, bytes);
            if (!OperatingSystem.IsWindows() && bytes.AsSpan().StartsWith("#!"u8))
            {
                File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
            }
        }

        return names.Count;
    }
}
