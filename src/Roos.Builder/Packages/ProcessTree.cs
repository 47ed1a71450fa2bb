using System.Globalization;

namespace Roos.Builder.Packages;

/// <summary>A process and everything that it started, as Linux's /proc tells it.</summary>
internal static class ProcessTree
{
    /// <summary>The process, then its children, theirs and so on. Where there is no /proc, the process alone.</summary>
    public static IReadOnlyList<int> Of(int processId)
    {
        var children = Parents().ToLookup(item => item.Parent, item => item.Process);
        var found = new List<int> { processId };
        for (var i = 0; i < found.Count; i++) found.AddRange(children[found[i]].Where(child => !found.Contains(child)));
        return found;
    }

    private static IEnumerable<(int Process, int Parent)> Parents()
    {
        if (!OperatingSystem.IsLinux()) yield break;
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process) && ParentOf(folder) is { } parent) yield return (process, parent);
        }
    }

    /// <summary>proc_pid_stat(5): "PID (NAME) STATE PARENT …"; the name can hold anything, parentheses and blanks too.</summary>
    private static int? ParentOf(string folder)
    {
        try
        {
            var text = File.ReadAllText(Path.Combine(folder, "stat"));
            var fields = text[(text.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            return fields.Length > 1 && int.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var parent) ? parent : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null; // it has ended
        }
    }
}
