using System.Runtime.CompilerServices;

[assembly: InternalsVisibleTo("Roos.Erofs.Tests")]
