namespace Roos.Builder.Terminal;

/// <summary>The progress of one of several images: says whose step it is.</summary>
internal sealed class ImageProgress(BuildProgress progress, string image) : BuildProgress
{
    public override BuildStep Begin(string title, long total = 0) => progress.Begin($"{image}: {title}", total);

    public override void Note(string text) => progress.Note($"{image}: {text}");

    public override void Warn(string text) => progress.Warn($"{image}: {text}");
}
