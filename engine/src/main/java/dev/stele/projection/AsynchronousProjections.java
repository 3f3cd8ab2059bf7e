package dev.stele.projection;

import java.util.List;

/**
 * The projections that follow the log at some distance, so that pushes do not wait for them. See
 * {@link ProjectionRunner}.
 */
public final class AsynchronousProjections {
  private final List<Projection> projections;

  public AsynchronousProjections(ManifestDocuments documents) {
    this.projections = List.of(new PullView());
  }

  public List<Projection> projections() {
    return projections;
  }
}
