package dev.stele.server;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Closes connections on which no whole request came within a while: those that say nothing, and
 * those whose handshake or first headers trickle in, which an idle timeout alone does not end.
 */
final class FirstRequestDeadline implements Connection.Listener {
  private final Scheduler scheduler;
  private final Duration patience;
  private final Map<Connection, Scheduler.Task> waiting = new ConcurrentHashMap<>();

  FirstRequestDeadline(Scheduler scheduler, Duration patience) {
    this.scheduler = scheduler;
    this.patience = patience;
  }

  @Override
  public void onOpened(Connection connection) {
    Scheduler.Task task =
        scheduler.schedule(
            () -> {
              if (!begun(connection.getEndPoint())) {
                connection.getEndPoint().close();
              }
            },
            patience.toMillis(),
            TimeUnit.MILLISECONDS);
    waiting.put(connection, task);
  }

  @Override
  public void onClosed(Connection connection) {
    Scheduler.Task task = waiting.remove(connection);
    if (task != null) {
      boolean _ = task.cancel();
    }
  }

  /**
   * A connection may have made way for another by now: that of TLS, and that which chose HTTP/2.
   */
  private static boolean begun(EndPoint endPoint) {
    Connection current = endPoint.getConnection();
    if (current instanceof SslConnection tls) {
      current = tls.getSslEndPoint().getConnection();
    }
    return current != null && current.getMessagesIn() > 0;
  }
}
