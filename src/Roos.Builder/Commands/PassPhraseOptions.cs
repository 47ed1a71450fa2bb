using System.CommandLine;
using Roos.Builder.Signing;

namespace Roos.Builder.Commands;

/// <summary>Where the pass phrase of encrypted private keys comes from; asked for on the terminal without an option.</summary>
internal sealed class PassPhraseOptions
{
    private readonly Option<string?> _file = new("--passphrase-file") { HelpName = "FILE", Description = "The pass phrase of encrypted private keys is the first line of FILE (without an option it is asked for)" };

    private readonly Option<string?> _variable = new("--passphrase-env") { HelpName = "NAME", Description = "The pass phrase is in the environment variable NAME" };

    public void AddTo(Command command)
    {
        command.Options.Add(_file);
        command.Options.Add(_variable);
    }

    public PassPhrases Of(ParseResult parsed)
    {
        var (file, variable) = (parsed.GetValue(_file), parsed.GetValue(_variable));
        if (file is not null && variable is not null) throw new UsageException("give one of --passphrase-file and --passphrase-env: a key has one pass phrase");
        if (file is not null) return PassPhrases.FromFile(file);
        return variable is not null ? PassPhrases.FromEnvironment(variable) : PassPhrases.Asked;
    }
}
