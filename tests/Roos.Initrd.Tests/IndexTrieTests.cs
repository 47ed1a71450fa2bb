using System.Text;
using Roos.Core;
using Roos.Initrd.Modules;

namespace Roos.Initrd.Tests;

public sealed class IndexTrieTests
{
    [Fact]
    public void A_small_index_is_these_bytes()
    {
        var trie = new IndexTrie();
        trie.Add("abc", "one", 3);
        trie.Add("abd", "two", 1);
        trie.Add("ab", "v", 2);
        trie.Add("ab", "w", 2);
        var expected = new List<byte>();
        Bytes("B007F457 00020001"); // magic, version 2.1
        Bytes("2000000C"); // root at 12, with children
        Bytes("61 61 E0000012"); // root: children from 'a' to 'a', one at 18 with prefix, values, children
        Text("b\0"); // node "ab": rest of its path
        Bytes("63 64 4000002E 4000003A"); // children 'c' and 'd' with values
        Bytes("00000002"); // two values,
        Bytes("00000002");
        Text("w\0"); // the later one first
        Bytes("00000002");
        Text("v\0");
        Bytes("00000001 00000003");
        Text("one\0");
        Bytes("00000001 00000001");
        Text("two\0");
        Assert.Equal(Convert.ToHexString([.. expected]), Convert.ToHexString(trie.ToArray()));

        void Bytes(string hex) => expected.AddRange(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        void Text(string text) => expected.AddRange(Encoding.ASCII.GetBytes(text));
    }

    [Fact]
    public void The_order_of_keys_does_not_matter()
    {
        string[] keys = ["a", "ab", "abc", "b", "ba", "abd", "aa", ""];
        var forward = new IndexTrie();
        var backward = new IndexTrie();
        foreach (var key in keys) forward.Add(key, key, 1);
        foreach (var key in keys.Reverse()) backward.Add(key, key, 1);
        Assert.Equal(forward.ToArray(), backward.ToArray());
    }

    [Fact]
    public void What_modprobe_cannot_read_is_refused()
    {
        Assert.Throws<DamagedInputException>(() => new IndexTrie().Add("\x80", "m", 0));
        Assert.Throws<DamagedInputException>(() => new IndexTrie().Add(new string('a', 1025), "m", 0));
    }
}
