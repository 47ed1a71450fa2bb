using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Roos.Builder.Serving;

/// <summary>Lines in the Common Log Format, which every log tool reads.</summary>
internal static class AccessLog
{
    private const int LongestTarget = 1000;

    public static string Line(HttpContext context, long bytes, DateTimeOffset now)
    {
        var request = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        return string.Create(CultureInfo.InvariantCulture,
            $"{context.Connection.RemoteIpAddress} - - [{now:dd/MMM/yyyy:HH:mm:ss} {now.Offset.Hours:+00;-00}{Math.Abs(now.Offset.Minutes):00}] \"{Printable(request.Method)} {Printable(request.RawTarget)} {request.Protocol}\" {context.Response.StatusCode} {bytes}");
    }

    /// <summary>Nothing that was sent may look like a line of its own, or like the end of the quotes.</summary>
    public static string Printable(string text)
    {
        var result = new StringBuilder();
        foreach (var c in text.AsSpan(0, Math.Min(text.Length, LongestTarget)))
        {
            if (c is >= ' ' and < '\x7f' and not ('"' or '\\')) result.Append(c);
            else result.Append(CultureInfo.InvariantCulture, $"\\x{(int)c:X2}");
        }

        return result.ToString();
    }
}
