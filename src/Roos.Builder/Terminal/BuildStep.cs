namespace Roos.Builder.Terminal;

/// <summary>A step of the build that has begun. Report how much of its total is done; dispose it when it ends.</summary>
public abstract class BuildStep : IProgress<long>, IDisposable
{
    private bool _ended;

    /// <summary>What came out, in a few words: "212 MB, 14,204 files". Left null by a step that failed.</summary>
    public string? Result { get; set; }

    public virtual void Report(long value)
    {
    }

    public void Dispose()
    {
        if (_ended) return;
        _ended = true;
        Ended();
        GC.SuppressFinalize(this);
    }

    protected virtual void Ended()
    {
    }
}
