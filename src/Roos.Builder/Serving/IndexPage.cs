using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using Roos.Builder.Publishing;
using Roos.Builder.Steps;
using Roos.Core;

namespace Roos.Builder.Serving;

/// <summary>The page that people see: which versions there are, newest first, with sizes and digests.</summary>
internal static class IndexPage
{
    private const string Head = """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>Updates</title>
        <style>
        body { font: 16px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; color-scheme: light dark; }
        table { border-collapse: collapse; width: 100%; }
        td, th { padding: .2em 1em .2em 0; text-align: left; vertical-align: top; }
        td.size, th.size { text-align: right; white-space: nowrap; }
        td.digest { font-family: monospace; font-size: 80%; overflow-wrap: anywhere; }
        </style>
        </head>
        <body>
        <h1>Updates</h1>

        """;

    public static string Of(ServedFolder folder)
    {
        var page = new StringBuilder(Head);
        try
        {
            var digests = folder.Digests;
            if (digests.Count == 0) page.Append("<p>Nothing is published here yet.</p>\n");
            foreach (var group in digests.Keys.GroupBy(ArtifactVersion.Split).OrderBy(group => group.Key.Id.Length == 0).ThenBy(group => group.Key.Id, StringComparer.Ordinal).ThenByDescending(group => group.Key.Version, VersionComparer.Instance))
            {
                page.Append(CultureInfo.InvariantCulture, $"<h2>{Text(group.Key.Version.Length > 0 ? $"{group.Key.Id} {group.Key.Version}" : "Other files")}</h2>\n");
                page.Append("<table>\n<tr><th>File</th><th class=\"size\">Size</th><th>SHA-256</th></tr>\n");
                foreach (var name in group) AppendRow(page, name, folder.LengthOf(name), digests[name]);
                page.Append("</table>\n");
            }

            foreach (var name in new[] { OutputSet.Manifest, OutputSet.ManifestSignature })
            {
                if (folder.Find(name) is not null) page.Append(CultureInfo.InvariantCulture, $"<p><a href=\"{name}\">{name}</a></p>\n");
            }
        }
        catch (RoosException e)
        {
            page.Append(CultureInfo.InvariantCulture, $"<p>{Text(e.Message)}</p>\n");
        }

        return page.Append("</body>\n</html>\n").ToString();
    }

    private static void AppendRow(StringBuilder page, string name, long? length, string digest)
    {
        var size = length is { } bytes ? string.Create(CultureInfo.InvariantCulture, $"{bytes:N0}") : "missing";
        page.Append(CultureInfo.InvariantCulture, $"<tr><td><a href=\"{Text(Uri.EscapeDataString(name))}\">{Text(name)}</a></td><td class=\"size\">{size}</td><td class=\"digest\">{digest}</td></tr>\n");
    }

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}
