using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Roos.Builder.Terminal;
using Roos.Core;
using Roos.Core.Bytes;

namespace Roos.Builder.Packages;

/// <summary>
/// Package tars by what went into them: <c>KEY.tar</c> beside <c>KEY.sha256</c> (as sha256sum writes it), KEY being the SHA-256 of the
/// request and the provider. An entry is used only when its bytes still have the digest, and appears only when it is complete.
/// </summary>
/// <param name="folder">mkosi.cache/packages; made when it is needed.</param>
public sealed class PackageCache(string folder)
{
    // Counted up when the same request would give another tar, because the way it is made has changed.
    private const string Generation = "roos packages 1\n";

    private static int _partials;

    /// <summary>The name of an entry.</summary>
    public static string KeyOf(PackageRequest request, string providerIdentity) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{Generation}provider {providerIdentity}\n{request.Describe()}")));

    /// <summary>The tar for a request: from the cache, or fetched into it.</summary>
    /// <param name="request">What is wanted.</param>
    /// <param name="provider">Who gets it where it is not there.</param>
    /// <param name="refresh">Fetches it in any case.</param>
    /// <param name="title">The step's title: "Packages".</param>
    /// <param name="progress">Shows the step.</param>
    /// <param name="cancellation">Ends it; what was there stays.</param>
    /// <exception cref="RoosException">It could not be fetched or written.</exception>
    public async Task<FileSource> Get(PackageRequest request, IPackageProvider provider, bool refresh, string title, BuildProgress progress, CancellationToken cancellation)
    {
        request.Check();
        using var step = progress.Begin(title);
        var key = KeyOf(request, await provider.Identify(cancellation));
        var tar = Path.Combine(folder, key + ".tar");
        if (!refresh && await IsGood(tar, cancellation))
        {
            var cached = FileSource.Open(tar);
            step.Result = $"from the cache, {Megabytes(cached.Length)}";
            return cached;
        }

        try
        {
            Directory.CreateDirectory(folder);
            RemoveAbandoned();
            await Fetch(request, provider, key, step, progress, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RoosException($"{tar}: the packages cannot be written to the cache: {e.Message}", e);
        }

        var fetched = FileSource.Open(tar);
        step.Result = $"by {provider.Name}, {Megabytes(fetched.Length)}";
        return fetched;
    }

    /// <summary>True where <see cref="Get"/> would not have to fetch.</summary>
    public async Task<bool> Has(PackageRequest request, IPackageProvider provider, CancellationToken cancellation) =>
        File.Exists(Path.Combine(folder, KeyOf(request, await provider.Identify(cancellation)) + ".sha256"));

    private async Task Fetch(PackageRequest request, IPackageProvider provider, string key, BuildStep step, BuildProgress progress, CancellationToken cancellation)
    {
        var partial = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{key}.{Environment.ProcessId}-{Interlocked.Increment(ref _partials)}.partial"));
        try
        {
            // Held open, so that another build does not take it for abandoned.
            await using var file = new FileStream(partial, FileMode.Create, FileAccess.ReadWrite, FileShare.Delete, 1 << 20, useAsync: true);
            await using var digesting = new DigestingStream(file, step);
            await provider.Fetch(request, digesting, progress.Note, cancellation);
            if (file.Length < 1024) throw new RoosException($"{provider.Name} ended well but gave no tar ({file.Length} bytes): run it again, and report it with the output of --debug");
            await file.FlushAsync(cancellation);
            var digest = digesting.Digest();

            // Without its digest a tar is not used, so this is the one moment that counts; the tar comes first.
            var sums = partial + ".sha256";
            await File.WriteAllTextAsync(sums, $"{digest}  {key}.tar\n", cancellation);
            File.Delete(Path.Combine(folder, key + ".sha256"));
            File.Move(partial, Path.Combine(folder, key + ".tar"), overwrite: true);
            File.Move(sums, Path.Combine(folder, key + ".sha256"), overwrite: true);
        }
        finally
        {
            File.Delete(partial);
            File.Delete(partial + ".sha256");
        }
    }

    private static async Task<bool> IsGood(string tar, CancellationToken cancellation)
    {
        var sums = Path.ChangeExtension(tar, ".sha256");
        if (!File.Exists(tar) || !File.Exists(sums)) return false;
        try
        {
            var expected = (await File.ReadAllTextAsync(sums, cancellation)).Split(' ')[0];
            await using var file = new FileStream(tar, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 20, useAsync: true);
            return Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancellation)) == expected;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // it is fetched again, and what is wrong with the folder shows then
        }
    }

    /// <summary>Removes what a build that was ended hard has left.</summary>
    private void RemoveAbandoned()
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.partial*"))
        {
            try
            {
                using (new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None))
                {
                }

                File.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // A build that runs holds it.
            }
        }
    }

    private static string Megabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0} MB");

    /// <summary>Passes bytes on, digests them and tells how many there were.</summary>
    private sealed class DigestingStream(Stream inner, BuildStep step) : Stream
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        private long _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position
        {
            get => _length;
            set => throw new NotSupportedException();
        }

        public string Digest() => Convert.ToHexStringLower(_hash.GetCurrentHash());

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            inner.Write(buffer);
            Count(buffer);
        }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            await inner.WriteAsync(buffer, cancellationToken);
            Count(buffer.Span);
        }

        public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override void Flush() => inner.Flush();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) _hash.Dispose();
            base.Dispose(disposing);
        }

        private void Count(ReadOnlySpan<byte> buffer)
        {
            _hash.AppendData(buffer);
            _length += buffer.Length;
            step.Report(_length);
        }
    }
}
