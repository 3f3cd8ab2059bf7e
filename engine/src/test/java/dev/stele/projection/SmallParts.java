package dev.stele.projection;

/** Views for tests in which every event that may be applied in parts is. */
public final class SmallParts {
  private SmallParts() {}

  /** With the name of the view that runs, to which it is no difference. */
  public static Projection reachability(ManifestDocuments documents) {
    return new ReachabilityView(documents, 3);
  }
}
