package dev.stele.projection;

import java.util.List;

/**
 * The projections that follow the log at some distance, so that pushes do not wait for them. See
 * {@link ProjectionRunner}.
 */
public final class AsynchronousProjections {
  private final ReachabilityView reachability;

  public AsynchronousProjections(ManifestDocuments documents) {
    this.reachability = new ReachabilityView(documents);
  }

  public ReachabilityView reachability() {
    return reachability;
  }

  public List<Projection> projections() {
    return List.of(reachability);
  }
}
