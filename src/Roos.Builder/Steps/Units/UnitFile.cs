namespace Roos.Builder.Steps.Units;

/// <summary>What was found under a unit's name.</summary>
internal enum UnitFileKind
{
    NotFound,

    /// <summary>Empty, or a link to /dev/null.</summary>
    Masked,

    /// <summary>A file that says what the unit is.</summary>
    Regular,

    /// <summary>A name that leads nowhere, or in circles.</summary>
    Broken,
}

/// <summary>A unit as it is found by name in the search path, aliases followed.</summary>
/// <param name="Name">The name it really has; not the one asked for where that is an alias.</param>
/// <param name="Kind">What was found.</param>
/// <param name="Path">The file, without a leading slash; for a masked unit, what masks it.</param>
/// <param name="Install">Its install section, for a regular file.</param>
internal sealed record UnitFile(string Name, UnitFileKind Kind, string Path, InstallSection Install);
