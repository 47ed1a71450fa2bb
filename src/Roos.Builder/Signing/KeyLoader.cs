using Roos.Signing;

namespace Roos.Builder.Signing;

/// <summary>Reads private keys, each file once: who is asked for a pass phrase is asked once.</summary>
internal sealed class KeyLoader(PassPhrases passPhrases, CancellationToken cancellation)
{
    private readonly Dictionary<string, PrivateKey> _keys = new(StringComparer.Ordinal);
    private readonly List<string> _warnings = [];

    /// <summary>What the keys' owner should be warned of.</summary>
    public IReadOnlyList<string> Warnings => _warnings;

    /// <exception cref="Core.RoosException">The file has no RSA key, or its pass phrase is another.</exception>
    public PrivateKey Load(string path)
    {
        if (_keys.TryGetValue(path, out var known)) return known;
        var (key, warnings) = KeyFiles.Load(path, passPhrases, cancellation);
        _warnings.AddRange(warnings);
        return _keys[path] = key;
    }
}
