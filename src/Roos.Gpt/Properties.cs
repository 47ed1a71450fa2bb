using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Roos.Gpt.Tests")]
