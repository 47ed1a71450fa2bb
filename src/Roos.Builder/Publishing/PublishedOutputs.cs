using Roos.Builder.Workspaces;
using Roos.Core;

namespace Roos.Builder.Publishing;

/// <summary>What builds have left in an output directory: the files that SHA256SUMS names, and nothing else.</summary>
public static class PublishedOutputs
{
    /// <summary>Removes the outputs, SHA256SUMS last, and the temporary folders of builds that were ended hard. Other files stay.</summary>
    /// <param name="directory">The output directory; may be missing.</param>
    /// <returns>The paths of what was removed.</returns>
    /// <exception cref="RoosException">A file cannot be removed, or SHA256SUMS is not as a build writes it.</exception>
    public static IReadOnlyList<string> Remove(string directory)
    {
        if (!Directory.Exists(directory)) return [];
        try
        {
            var removed = new List<string>();
            foreach (var path in Names(directory).Append(OutputSet.ManifestSignature).Append(OutputSet.Manifest).Select(name => Path.Combine(directory, name)).Where(File.Exists))
            {
                File.Delete(path);
                removed.Add(path);
            }

            removed.AddRange(Workspace.RemoveAbandoned(directory));
            return removed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{directory}: the outputs cannot be removed: {e.Message}", e);
        }
    }

    private static List<string> Names(string directory)
    {
        var manifest = Path.Combine(directory, OutputSet.Manifest);
        if (!File.Exists(manifest)) return [];
        var names = new List<string>();
        foreach (var line in File.ReadAllLines(manifest))
        {
            // Somebody else's list could name anything: what is not exactly as OutputSet writes it is not followed.
            const int digestLength = 64;
            var isOurs = line.Length > digestLength + 2 && line[..digestLength].All(char.IsAsciiHexDigitLower) && line.AsSpan(digestLength, 2) is " *" && OutputSet.IsName(line[(digestLength + 2)..]);
            if (!isOurs) throw new RoosException($"{manifest}: has the line \"{line}\", which no build of Roos writes: nothing was removed; remove the outputs yourself");
            names.Add(line[(digestLength + 2)..]);
        }

        return names;
    }
}
