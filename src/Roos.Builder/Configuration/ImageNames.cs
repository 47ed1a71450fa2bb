namespace Roos.Builder.Configuration;

/// <summary>Names that mean something by themselves.</summary>
internal static class ImageNames
{
    /// <summary>The image that the tree itself describes.</summary>
    public const string Main = "main";

    /// <summary>The initrd that is made when a bootable image names none.</summary>
    public const string DefaultInitrd = "default-initrd";

    /// <summary>What stands in Initrds= for it.</summary>
    public const string DefaultInitrdReference = "default";
}
