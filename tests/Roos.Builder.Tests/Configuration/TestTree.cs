using Roos.Builder.Configuration;

namespace Roos.Builder.Tests.Configuration;

/// <summary>An appliance tree in a temporary folder, written as PATH, TEXT pairs.</summary>
internal sealed class TestTree : IDisposable
{
    public TestTree(params (string Path, string Text)[] files)
    {
        foreach (var (path, text) in files)
        {
            var file = Path.Combine(Root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            if (!path.EndsWith('/')) File.WriteAllText(file, text);
        }
    }

    public string Root { get; } = Directory.CreateTempSubdirectory("roos-config-").FullName;

    public Dictionary<string, string> Environment { get; } = [];

    public ApplianceConfiguration Load(CommandLineOverrides? overrides = null) => ApplianceConfiguration.Load(Root, overrides, Environment.GetValueOrDefault);

    /// <summary>The message of the error that loading gives, with the tree's own path left out.</summary>
    public string Error(CommandLineOverrides? overrides = null) =>
        Assert.ThrowsAny<UsageException>(() => Load(overrides)).Message.Replace(Root + "/", "", StringComparison.Ordinal).Replace(Root, ".", StringComparison.Ordinal);

    public string Relative(string path) => Path.GetRelativePath(Root, path);

    public string Short(object origin) => origin.ToString()!.Replace(Root + "/", "", StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
