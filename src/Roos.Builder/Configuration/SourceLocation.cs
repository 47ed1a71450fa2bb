namespace Roos.Builder.Configuration;

/// <summary>Where a piece of configuration stands.</summary>
/// <param name="File">The path as the user would type it.</param>
/// <param name="Line">Counted from 1.</param>
/// <param name="Column">Counted from 1, in UTF-16 units.</param>
/// <param name="LineText">The whole line, so that an error can quote it without reading the file again.</param>
public sealed record SourceLocation(string File, int Line, int Column, string LineText)
{
    /// <summary>The same line, some characters further on.</summary>
    public SourceLocation Shift(int characters) => this with { Column = Column + characters };

    /// <summary>An error at this place.</summary>
    /// <param name="problem">What is wrong and what to do, in lower case and without a full stop.</param>
    public ConfigurationException Error(string problem) => new(this, problem);

    public override string ToString() => $"{File}:{Line}:{Column}";
}
