package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.sql.Pipeline;
import java.util.List;
import org.jdbi.v3.core.Handle;

/** A view that changes in the transaction that appends, beside others. */
interface InlineView extends Projection {
  /**
   * Applies events in the order of their positions; what need not be read goes to the database
   * later, with what other views do.
   */
  void apply(Pipeline transaction, List<RecordedEvent> events);

  @Override
  default void apply(Handle transaction, List<RecordedEvent> events) {
    Pipeline pipeline = new Pipeline(transaction);
    apply(pipeline, events);
    pipeline.flush();
  }
}
