package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Values;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** What each node said last of itself: its configuration, and whether it runs. */
public final class ServerView implements InlineView {
  /**
   * What a node said last.
   *
   * @param configuration the digest of the document
   * @param running whether it did not say that it ended
   */
  public record Server(String node, Digest configuration, boolean running) {}

  @Override
  public String name() {
    return "server";
  }

  @Override
  public List<String> tables() {
    return List.of("server");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    for (RecordedEvent recorded : events) {
      Handle handle = transaction.handle();
      if (recorded.event() instanceof Event.ServerStarted started) {
        put(handle, started.node(), started.configuration(), recorded.position());
      } else if (recorded.event() instanceof Event.ConfigurationChanged changed) {
        put(handle, changed.node(), changed.configuration(), recorded.position());
      } else if (recorded.event() instanceof Event.ServerStopped stopped) {
        handle
            .createUpdate("UPDATE server SET running = false WHERE node = :node")
            .bind("node", stopped.node())
            .execute();
      }
    }
  }

  private static void put(Handle handle, String node, Digest configuration, long position) {
    handle
        .createUpdate(
            """
            INSERT INTO server (node, configuration, position, running)
            VALUES (:node, :configuration, :position, true)
            ON CONFLICT (node) DO UPDATE
              SET configuration = excluded.configuration, position = excluded.position, running = true
            """)
        .bind("node", node)
        .bind("configuration", configuration)
        .bind("position", position)
        .execute();
  }

  /**
   * What was said last: by this node or, if it never ran, by whichever told its configuration last.
   */
  public static Optional<Server> last(Handle handle, String node) {
    return handle
        .createQuery(
            """
            SELECT node, configuration, running FROM server
            ORDER BY node = :node DESC, position DESC
            LIMIT 1
            """)
        .bind("node", node)
        .map(
            (row, _) ->
                new Server(
                    row.getString("node"),
                    Values.digest(row, "configuration"),
                    row.getBoolean("running")))
        .findOne();
  }
}
