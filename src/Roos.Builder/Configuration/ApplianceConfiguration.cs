namespace Roos.Builder.Configuration;

/// <summary>The whole configuration of an appliance tree: the main image, and the images that it depends on.</summary>
public sealed class ApplianceConfiguration
{
    private readonly IReadOnlyList<UsageException> _obstacles;

    internal ApplianceConfiguration(string directory, IReadOnlyList<ImageConfiguration> images, IReadOnlyList<string> notes, IReadOnlyList<UsageException> obstacles)
    {
        (Directory, Images, Notes, _obstacles) = (directory, images, notes, obstacles);
    }

    /// <summary>The appliance tree, absolute.</summary>
    public string Directory { get; }

    /// <summary>Every image after those that it depends on; the main image is the last.</summary>
    public IReadOnlyList<ImageConfiguration> Images { get; }

    public ImageConfiguration Main => Images[^1];

    /// <summary>One line for each setting that is accepted without effect, and the like.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>What stops a build, one message each.</summary>
    public IReadOnlyList<string> Obstacles => [.. _obstacles.Select(obstacle => obstacle.Message)];

    /// <summary>config/authorized_keys, if it is there: it becomes /etc/authorized_keys.</summary>
    public string? AuthorizedKeys => Existing(Path.Combine(Directory, "config", "authorized_keys"));

    /// <summary>roos.resources/, if it is there: templates for the image.</summary>
    public string? Resources => Existing(Path.Combine(Directory, "roos.resources"));

    /// <summary>Reads the tree.</summary>
    /// <param name="directory">The appliance tree.</param>
    /// <param name="overrides">What the command line said.</param>
    /// <param name="environment">The environment of the command; that of this process if null.</param>
    /// <exception cref="UsageException">A mistake in a file or on the command line.</exception>
    public static ApplianceConfiguration Load(string directory, CommandLineOverrides? overrides = null, Func<string, string?>? environment = null) =>
        new TreeReader(directory, overrides ?? CommandLineOverrides.None, environment ?? Environment.GetEnvironmentVariable).Read();

    public ImageConfiguration Image(string name) =>
        Images.FirstOrDefault(image => image.Name == name) ?? throw new UsageException($"there is no image {name} in this configuration{NearestName.Suggest(name, Images.Select(image => image.Name))}");

    /// <summary>Stops a build of what Roos cannot build.</summary>
    /// <exception cref="UsageException">The configuration has a setting or value that is not supported yet.</exception>
    public void RequireSupported()
    {
        if (_obstacles.Count == 1) throw _obstacles[0];
        if (_obstacles.Count > 1) throw new UsageException(string.Join('\n', Obstacles));
    }

    private static string? Existing(string path) => Path.Exists(path) ? path : null;
}
