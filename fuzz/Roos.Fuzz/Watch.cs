namespace Roos.Fuzz;

/// <summary>Ends the process, the input saved, where one case takes too much processor time: nothing can end a loop from outside.</summary>
internal sealed class Watch : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    private readonly Timer _timer;
    private readonly Action<string> _save;
    private long _started = Environment.CpuUsage.TotalTime.Ticks;

    public Watch(Action<string> save)
    {
        _save = save;
        _timer = new Timer(_ => Check(), null, 1000, 1000);
    }

    /// <summary>A new case begins.</summary>
    public void Restart() => Volatile.Write(ref _started, Environment.CpuUsage.TotalTime.Ticks);

    public void Dispose() => _timer.Dispose();

    private void Check()
    {
        if (Environment.CpuUsage.TotalTime.Ticks - Volatile.Read(ref _started) < Limit.Ticks) return;
        _save($"a case takes longer than {Limit.TotalSeconds} s");
        Environment.Exit(3);
    }
}
