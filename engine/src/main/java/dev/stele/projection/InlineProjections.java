package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.log.InlineViews;
import dev.stele.sql.Pipeline;
import java.util.List;

/**
 * The projections that the append lane applies in its own transaction, since clients must read what
 * they wrote.
 */
public final class InlineProjections implements InlineViews {
  private final List<InlineView> projections;

  public InlineProjections(ManifestDocuments documents) {
    this.projections =
        List.of(
            new ChainView(),
            new RepositoryView(),
            new BlobView(),
            new ManifestView(documents),
            new TagView(),
            new ReferrerView(documents),
            new OrphanView(),
            new RetentionView(),
            new HoldView(documents),
            new ClockView(),
            new AccessView(),
            new RobotView(),
            new ApprovalView(),
            new SessionView(),
            new ServerView());
  }

  List<Projection> projections() {
    return List.copyOf(projections);
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    for (InlineView projection : projections) {
      projection.apply(transaction, events);
    }
  }
}
