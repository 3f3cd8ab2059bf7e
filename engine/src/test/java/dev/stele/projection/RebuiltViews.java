package dev.stele.projection;

import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.log.LogReader;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/** All views made anew from whatever the log has, as somebody would who hides a change of it. */
public final class RebuiltViews {
  private RebuiltViews() {}

  /** Makes them, in the handle's transaction, which is the schema's owner's. */
  public static void make(Handle owner) {
    ManifestDocuments documents = new ManifestDocuments();
    List<Projection> asynchronous = new AsynchronousProjections(documents).projections();
    List<RecordedEvent> events =
        new LogReader(new EventCodec()).events(owner, 0, Integer.MAX_VALUE);
    Stream.concat(new InlineProjections(documents).projections().stream(), asynchronous.stream())
        .forEach(view -> make(owner, view, events));
    for (Projection view : asynchronous) {
      owner
          .createUpdate(
              "UPDATE log_checkpoint SET next_position = :next, part = NULL WHERE follower = :name")
          .bind("next", events.size() - events.size() % view.unit())
          .bind("name", view.name())
          .execute();
    }
  }

  private static void make(Handle owner, Projection view, List<RecordedEvent> events) {
    view.tables().forEach(table -> owner.execute("DELETE FROM " + table));
    for (int from = 0; from + view.unit() <= events.size(); from += view.unit()) {
      List<RecordedEvent> some = events.subList(from, from + view.unit());
      if (view.isWide(some.getFirst().event())) {
        Optional<String> done = Optional.empty();
        do {
          done = view.applyPart(owner, some.getFirst(), done);
        } while (done.isPresent());
      } else {
        view.apply(owner, some);
      }
    }
  }
}
