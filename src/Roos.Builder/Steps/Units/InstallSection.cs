using Roos.Core.Tree;

namespace Roos.Builder.Steps.Units;

/// <summary>The <c>[Install]</c> section of a unit and its drop-ins: what enabling it means (systemd.unit(5)). Values are as written, specifiers unexpanded.</summary>
internal sealed class InstallSection
{
    public List<string> Alias { get; } = [];

    public List<string> WantedBy { get; } = [];

    public List<string> RequiredBy { get; } = [];

    public List<string> UpheldBy { get; } = [];

    public List<string> Also { get; } = [];

    public string? DefaultInstance { get; private set; }

    /// <summary>Adds what one file says. An empty assignment resets a list.</summary>
    public void Read(RegularFile file, string unit)
    {
        var inInstall = false;
        foreach (var line in LogicalLines(ConfigurationFiles.Text(file)))
        {
            if (line[0] == '[')
            {
                inInstall = line == "[Install]";
                continue;
            }

            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (!inInstall || equals < 0) continue;
            var value = line[(equals + 1)..].Trim();
            switch (line[..equals].Trim())
            {
                case "Alias" when UnitName.MayAlias(unit): Append(Alias, value); break;
                case "WantedBy": Append(WantedBy, value); break;
                case "RequiredBy": Append(RequiredBy, value); break;
                case "UpheldBy": Append(UpheldBy, value); break;
                case "Also": Also.AddRange(Words(value)); break;
                case "DefaultInstance" when UnitName.Classify(unit) == UnitNameKind.Template: DefaultInstance = value.Length == 0 ? null : value; break;
            }
        }
    }

    private static void Append(List<string> list, string value)
    {
        if (value.Length == 0) list.Clear();
        list.AddRange(Words(value));
    }

    private static IEnumerable<string> Words(string value) =>
        value.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries).Select(word => word.Trim('"', '\''));

    /// <summary>Lines with continuations joined; comments may stand between the parts of one.</summary>
    private static IEnumerable<string> LogicalLines(string text)
    {
        var pending = "";
        foreach (var raw in text.Split('\n'))
        {
            var line = raw.Trim();
            if (line.Length > 0 && line[0] is '#' or ';') continue;
            if (line.EndsWith('\\'))
            {
                pending += line[..^1] + " ";
                continue;
            }

            line = (pending + line).Trim();
            pending = "";
            if (line.Length > 0) yield return line;
        }

        if (pending.Trim().Length > 0) yield return pending.Trim();
    }
}
