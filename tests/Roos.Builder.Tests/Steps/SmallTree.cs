using System.Text;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Tests.Steps;

/// <summary>Trees for tests from paths and contents; a path that ends with a slash is a directory, a content that begins with an arrow a link.</summary>
internal static class SmallTree
{
    public static FileTree Of(params (string Path, string Content)[] files)
    {
        var builder = new FileTreeBuilder();
        foreach (var (path, content) in files)
        {
            if (path.EndsWith('/')) builder.SetDirectory(path, new FileMetadata(0x1ed));
            else if (content.StartsWith("-> ", StringComparison.Ordinal)) builder.Set(path, new SymbolicLink(new FileMetadata(0x1ff), content[3..]));
            else builder.Set(path, new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(Encoding.UTF8.GetBytes(content))));
        }

        return builder.Build();
    }

    public static string TextOf(FileTree tree, string path) => Encoding.UTF8.GetString(Assert.IsType<RegularFile>(tree.Find(path)).Content.ToArray());

    public static IEnumerable<string> Paths(FileTree tree) => tree.Walk().Select(item => item.Path.ToString()).Where(path => path.Length > 0);
}
