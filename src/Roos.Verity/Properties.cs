using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Roos.Verity.Tests")]
