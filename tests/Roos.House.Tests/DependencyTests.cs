using System.Xml.Linq;

namespace Roos.House.Tests;

/// <summary>The shape of docs/architecture.md: a star of two levels, no format project knows another.</summary>
public sealed class DependencyTests
{
    // Project: (the projects it may reference, the packages it may reference).
    private static readonly Dictionary<string, (string[] Projects, string[] Packages)> Allowed = new()
    {
        ["Roos.Core"] = ([], ["SharpCompress", "SharpZipLib", "ZstdSharp.Port"]),
        ["Roos.Signing"] = (["Roos.Core"], ["BouncyCastle.Cryptography"]),
        ["Roos.Erofs"] = (["Roos.Core"], ["ZstdSharp.Port"]),
        ["Roos.Verity"] = (["Roos.Core", "Roos.Signing"], []),
        ["Roos.Gpt"] = (["Roos.Core"], []),
        ["Roos.Fat"] = (["Roos.Core"], []),
        ["Roos.Initrd"] = (["Roos.Core"], ["ZstdSharp.Port"]),
        ["Roos.Uki"] = (["Roos.Core", "Roos.Signing"], []),
        ["Roos.Builder"] = (["*"], ["Spectre.Console", "System.CommandLine"]),
    };

    [Fact]
    public void Projects_reference_only_what_the_architecture_allows()
    {
        var projects = Directory.GetFiles(Path.Combine(House.Root, "src"), "*.csproj", SearchOption.AllDirectories);
        Assert.Equal(Allowed.Count, projects.Length);
        foreach (var path in projects)
        {
            var name = Path.GetFileNameWithoutExtension(path);
            Assert.True(Allowed.TryGetValue(name, out var rule), $"{name} is not in the table of this test");
            var xml = XDocument.Load(path);
            foreach (var reference in xml.Descendants("ProjectReference"))
            {
                var target = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'));
                Assert.True(rule.Projects.Contains("*") || rule.Projects.Contains(target), $"{name} must not reference {target}");
            }

            foreach (var reference in xml.Descendants("PackageReference"))
            {
                var package = reference.Attribute("Include")!.Value;
                Assert.True(rule.Packages.Contains(package), $"{name} must not reference the package {package}");
            }
        }
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(House.Root, "Roos.sln")).Replace('\\', '/');
        foreach (var folder in new[] { "src", "tests", "bench" }.Where(folder => Directory.Exists(Path.Combine(House.Root, folder))))
        {
            foreach (var path in Directory.GetFiles(Path.Combine(House.Root, folder), "*.csproj", SearchOption.AllDirectories))
            {
                var relative = Path.GetRelativePath(House.Root, path).Replace('\\', '/');
                if (relative.Contains("/fixtures/", StringComparison.Ordinal)) continue;
                Assert.Contains(relative, solution, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void Public_signatures_name_no_third_party_type()
    {
        foreach (var name in Allowed.Keys.Where(name => name != "Roos.Builder"))
        {
            var assembly = System.Reflection.Assembly.Load(name);
            foreach (var type in assembly.GetExportedTypes())
            {
                foreach (var member in type.GetMembers(System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Static | System.Reflection.BindingFlags.DeclaredOnly))
                {
                    var used = member switch
                    {
                        System.Reflection.MethodBase method => method.GetParameters().Select(p => p.ParameterType).Append((method as System.Reflection.MethodInfo)?.ReturnType ?? typeof(void)),
                        System.Reflection.FieldInfo field => [field.FieldType],
                        System.Reflection.PropertyInfo property => [property.PropertyType],
                        _ => [],
                    };
                    foreach (var one in used)
                    {
                        var origin = one.Assembly.GetName().Name!;
                        Assert.True(origin.StartsWith("System", StringComparison.Ordinal) || origin.StartsWith("Roos.", StringComparison.Ordinal) || origin == "Microsoft.Win32.Primitives",
                            $"{type.FullName}.{member.Name} shows {one.FullName} of {origin}");
                    }
                }
            }
        }
    }
}
