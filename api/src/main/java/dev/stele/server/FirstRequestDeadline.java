package dev.stele.server;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Closes connections on which no whole request came within a while: those that say nothing, and
 * those whose handshake or first headers trickle in, which an idle timeout alone does not end.
 */
final class FirstRequestDeadline implements Connection.Listener {
  private final Scheduler scheduler;
  private final Duration patience;

  FirstRequestDeadline(Scheduler scheduler, Duration patience) {
    this.scheduler = scheduler;
    this.patience = patience;
  }

  @Override
  public void onOpened(Connection connection) {
    // Of TLS, the connection within is told of when the handshake is over; this one before.
    Scheduler.Task _ =
        scheduler.schedule(
            () -> {
              if (!begun(connection)) {
                connection.getEndPoint().close();
              }
            },
            patience.toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private static boolean begun(Connection connection) {
    if (connection instanceof SslConnection tls) {
      Connection within = tls.getSslEndPoint().getConnection();
      return within != null && within.getMessagesIn() > 0;
    }
    return connection.getMessagesIn() > 0;
  }
}
