using System.Text;
using Roos.Core;

namespace Roos.Builder.Signing;

/// <summary>Where the pass phrases of encrypted keys come from: a file, an environment variable, or whoever sits at the terminal.</summary>
internal abstract class PassPhrases
{
    /// <summary>Longest pass phrase, bytes in UTF-8. (OpenSSL takes no more than 1024.)</summary>
    public const int MostBytes = 1024;

    /// <summary>How often a pass phrase is asked for when it is wrong.</summary>
    public virtual int Attempts => 1;

    /// <summary>The first line of a file, as openssl's <c>file:</c> takes it.</summary>
    public static PassPhrases FromFile(string path) => new LineOfFile(path);

    /// <summary>The value of an environment variable.</summary>
    public static PassPhrases FromEnvironment(string variable) => new Variable(variable);

    /// <summary>What is typed at the terminal, without echo.</summary>
    public static PassPhrases Asked { get; } = new Terminal();

    /// <summary>The pass phrase of a key that exists.</summary>
    /// <param name="key">What to call the key when asking.</param>
    /// <param name="cancellation">Ends waiting for somebody to type.</param>
    /// <exception cref="RoosException">There is none to be had; why.</exception>
    public abstract string Get(string key, CancellationToken cancellation);

    /// <summary>The pass phrase for keys that are made; who types it types it twice.</summary>
    /// <exception cref="RoosException">There is none to be had; why.</exception>
    public virtual string GetNew(string key, CancellationToken cancellation) => Get(key, cancellation);

    private static string Checked(string text, string place)
    {
        if (text.Length == 0) throw new RoosException($"{place}: the pass phrase is empty");
        var length = Encoding.UTF8.GetByteCount(text);
        return length <= MostBytes ? text : throw new RoosException($"{place}: a pass phrase has at most {MostBytes} bytes; found {length}");
    }

    private sealed class LineOfFile(string path) : PassPhrases
    {
        public override string Get(string key, CancellationToken cancellation)
        {
            // One more than can be: what follows the first line does not matter.
            var bytes = new byte[MostBytes + 2];
            int length;
            try
            {
                using var file = File.OpenRead(path);
                length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new RoosException($"{path}: the pass phrase of {key} cannot be read from it: {e.Message}", e);
            }

            var line = bytes.AsSpan(0, length);
            if (line.IndexOf((byte)'\n') is >= 0 and var end) line = line[..end];
            if (line.EndsWith("\r"u8)) line = line[..^1];
            try
            {
                return Checked(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(line), path);
            }
            catch (ArgumentException e)
            {
                throw new RoosException($"{path}: a pass phrase must be text in UTF-8", e);
            }
        }
    }

    private sealed class Variable(string variable) : PassPhrases
    {
        public override string Get(string key, CancellationToken cancellation)
        {
            var value = Environment.GetEnvironmentVariable(variable) ?? throw new RoosException($"the environment variable {variable} is to have the pass phrase of {key}, and is not set");
            return Checked(value, variable);
        }
    }

    private sealed class Terminal : PassPhrases
    {
        public override int Attempts => 3;

        public override string Get(string key, CancellationToken cancellation) => Checked(Ask($"Pass phrase of {key}: ", key, cancellation), key);

        public override string GetNew(string key, CancellationToken cancellation)
        {
            var first = Checked(Ask($"New pass phrase for {key}: ", key, cancellation), key);
            return Ask("The same again: ", key, cancellation) == first ? first : throw new RoosException("the two pass phrases differ; nothing was written");
        }

        private static string Ask(string prompt, string key, CancellationToken cancellation)
        {
            if (Console.IsInputRedirected) throw new RoosException($"{key}: there is no terminal to ask for the pass phrase on; give it in a file or an environment variable");
            Console.Error.Write(prompt);
            try
            {
                // Reading keys cannot be ended: a thread of its own does it, and is left alone when the user has had enough.
                var reading = Task.Run(ReadLine, CancellationToken.None);
                reading.Wait(cancellation);
                return reading.Result;
            }
            finally
            {
                Console.Error.WriteLine();
            }
        }

        private static string ReadLine()
        {
            var text = new StringBuilder();
            while (text.Length <= MostBytes)
            {
                var key = Console.ReadKey(intercept: true);
                if (key.Key == ConsoleKey.Enter || key.KeyChar is '\r' or '\n') break;
                if (key.Key == ConsoleKey.Backspace) text.Length -= Math.Min(text.Length, 1);
                else if (key is { Key: ConsoleKey.U, Modifiers: ConsoleModifiers.Control }) text.Clear();
                else if (!char.IsControl(key.KeyChar)) text.Append(key.KeyChar);
            }

            return text.ToString();
        }
    }
}
