using System.Runtime.InteropServices;
using System.Runtime.Versioning;
using Microsoft.Win32.SafeHandles;

namespace Roos.Builder.Host;

/// <summary>The calls of Windows that the base class library has no equal for.</summary>
[SupportedOSPlatform("windows")]
internal static partial class WindowsCalls
{
    private const uint SetSparse = 0x000900c4; // FSCTL_SET_SPARSE of winioctl.h

    /// <summary>
    /// Lets a file have holes, as every file of Linux may: without it a disk of 5 GB with 300 MB in it takes 5 GB. A file system
    /// that has no holes refuses, and the file is as good without.
    /// </summary>
    public static void MakeSparse(SafeFileHandle file) => _ = Control(file, SetSparse, 0, 0, 0, 0, out _, 0);

    [LibraryImport("kernel32", EntryPoint = "DeviceIoControl", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static partial int Control(SafeFileHandle file, uint code, nint input, uint inputSize, nint output, uint outputSize, out uint returned, nint overlapped);
}
