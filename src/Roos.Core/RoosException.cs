namespace Roos.Core;

/// <summary>
/// The only exception that Roos libraries throw for bad input. Its message is one sentence for the user:
/// the rule that must hold, the value that was found, the place (file, line, offset), and what to do.
/// Programming errors throw the BCL's argument exceptions instead.
/// </summary>
public class RoosException : Exception
{
    public RoosException(string message)
        : base(message)
    {
    }

    public RoosException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>Bytes that claim to be of some format and are not: truncated, corrupt or hostile.</summary>
public sealed class DamagedInputException : RoosException
{
    public DamagedInputException(string message)
        : base(message)
    {
    }

    public DamagedInputException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
