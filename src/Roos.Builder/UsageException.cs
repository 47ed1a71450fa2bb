using Roos.Core;

namespace Roos.Builder;

/// <summary>Wrong usage or configuration: exit status 2, and nothing was begun.</summary>
public class UsageException(string message) : RoosException(message);
