using System.Text;
using Roos.Builder.Configuration;
using Roos.Core.Bytes;
using Roos.Core.Tree;

namespace Roos.Builder.Pipeline;

/// <summary>Locale=, Keymap=, Timezone=, Hostname=: what systemd-firstboot would write into /etc.</summary>
internal static class LocalSettings
{
    public static FileTree Apply(FileTree tree, ImageConfiguration image)
    {
        var builder = tree.ToBuilder();
        if (image.Locale.Value is { } locale)
        {
            var messages = image.LocaleMessages.Value is { } value ? $"LC_MESSAGES={value}\n" : "";
            Write("etc/locale.conf", $"LANG={locale}\n{messages}");
        }

        if (image.Keymap.Value is { } keymap) Write("etc/vconsole.conf", $"KEYMAP={keymap}\n");
        if (image.Hostname.Value is { } name) Write("etc/hostname", name + "\n");
        if (image.Timezone.Value is { } zone)
        {
            if (tree.Resolve("usr/share/zoneinfo/" + zone) is null) throw image.Timezone.Origin.Error($"Timezone={zone} must be a file below /usr/share/zoneinfo of the image and is not (add tzdata to Packages=, or correct the name)");
            builder.Set("etc/localtime", new SymbolicLink(new FileMetadata(0x1ff), "../usr/share/zoneinfo/" + zone));
        }

        return builder.Build();

        void Write(string path, string text) => builder.Set(path, new RegularFile(new FileMetadata(0x1a4), ByteSource.FromMemory(Encoding.UTF8.GetBytes(text))));
    }
}
