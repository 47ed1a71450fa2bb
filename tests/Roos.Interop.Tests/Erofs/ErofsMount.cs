using Roos.Testing;

namespace Roos.Interop.Tests.Erofs;

/// <summary>An image mounted by the kernel, until it is disposed.</summary>
internal sealed class ErofsMount : IDisposable
{
    private readonly ScratchFolder _scratch = new();

    public ErofsMount(string image)
    {
        Judge.NeedRoot();
        var result = Judge.Host("mount").Run("-t", "erofs", "-o", "ro,loop", image, _scratch.Path);
        if (result.ExitCode != 0 && (result.Error.Contains("unknown filesystem", StringComparison.Ordinal) || result.Error.Contains("loop device", StringComparison.Ordinal)))
        {
            _scratch.Dispose();
            Judge.Missing($"the kernel cannot loop-mount EroFS here: {result.Error.Trim()}");
        }

        Assert.True(result.ExitCode == 0, $"the kernel refuses the image: {result}");
    }

    public string Path => _scratch.Path;

    public void Dispose()
    {
        Judge.Host("umount").Run(_scratch.Path);
        _scratch.Dispose();
    }
}
