using System.Reflection;

namespace Roos.House.Tests;

/// <summary>The repository these tests were built from.</summary>
internal static class House
{
    public static string Root { get; } = typeof(House).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(attribute => attribute.Key == "RepositoryRoot").Value!;
}
