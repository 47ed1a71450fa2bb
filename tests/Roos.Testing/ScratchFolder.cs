namespace Roos.Testing;

/// <summary>A folder below /tmp (or the system's), gone with everything in it when disposed.</summary>
public sealed class ScratchFolder : IDisposable
{
    public ScratchFolder() => Path = Directory.CreateTempSubdirectory("roos-test-").FullName;

    public string Path { get; }

    /// <summary>The path of <paramref name="name"/> in the folder.</summary>
    public string this[string name] => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Names that are no text (.NET cannot say them) fall to rm; what is left then is for the system to clean, as a test's
            // verdict does not depend on it.
            if (OperatingSystem.IsLinux()) System.Diagnostics.Process.Start("rm", ["-rf", "--", Path]).WaitForExit();
        }
    }
}
