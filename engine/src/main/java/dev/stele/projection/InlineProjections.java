package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.log.InlineViews;
import java.util.List;
import org.jdbi.v3.core.Handle;

/**
 * The projections that the append lane applies in its own transaction, since clients must read what
 * they wrote.
 */
public final class InlineProjections implements InlineViews {
  private final List<Projection> projections;

  public InlineProjections(ManifestDocuments documents) {
    this.projections =
        List.of(
            new RepositoryView(),
            new BlobView(),
            new ManifestView(documents),
            new TagView(),
            new ReferrerView(documents),
            new OrphanView(),
            new RetentionView(),
            new HoldView(documents),
            new ClockView());
  }

  List<Projection> projections() {
    return projections;
  }

  @Override
  public void apply(Handle transaction, List<RecordedEvent> events) {
    for (Projection projection : projections) {
      projection.apply(transaction, events);
    }
  }
}
