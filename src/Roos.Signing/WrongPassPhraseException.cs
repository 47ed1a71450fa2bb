using Roos.Core;

namespace Roos.Signing;

/// <summary>The pass phrase of a key is another one: asking again may help.</summary>
public sealed class WrongPassPhraseException(string message, Exception innerException) : RoosException(message, innerException);
