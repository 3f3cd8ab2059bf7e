package dev.stele.projection;

import java.util.List;

/**
 * The projections that follow the log at some distance, so that pushes do not wait for them. See
 * {@link ProjectionRunner}.
 *
 * @param reachability what no root reaches
 * @param pulls when each tag was last pulled
 * @param history what there was at any position
 * @param eventIndex which events have what people look for
 * @param exposure where any digest is or was
 * @param tiles the log as a Merkle tree
 */
public record AsynchronousProjections(
    ReachabilityView reachability,
    PullView pulls,
    HistoryView history,
    EventIndexView eventIndex,
    ExposureView exposure,
    TileView tiles) {
  public AsynchronousProjections(ManifestDocuments documents) {
    this(
        new ReachabilityView(documents),
        new PullView(),
        new HistoryView(documents),
        new EventIndexView(),
        new ExposureView(documents),
        new TileView());
  }

  public List<Projection> projections() {
    return List.of(reachability, pulls, history, eventIndex, exposure, tiles);
  }
}
