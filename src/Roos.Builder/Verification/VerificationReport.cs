namespace Roos.Builder.Verification;

/// <summary>All checks of an image.</summary>
/// <param name="Lines">In the order of the chain.</param>
/// <param name="SignaturesChecked">False where no certificate was given: then the image may be whole and yet be anybody's.</param>
internal sealed record VerificationReport(IReadOnlyList<CheckLine> Lines, bool SignaturesChecked)
{
    /// <summary>The first link that does not hold; null where all do.</summary>
    public CheckLine? FirstBroken => Lines.FirstOrDefault(line => line.Outcome == CheckOutcome.Broken);
}
