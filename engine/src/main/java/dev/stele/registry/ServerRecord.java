package dev.stele.registry;

import dev.stele.event.Commitment;
import dev.stele.event.Event;
import dev.stele.event.Identity;
import dev.stele.event.Initiator;
import dev.stele.event.Origin;
import dev.stele.oci.Digest;
import dev.stele.projection.RecordDocuments;
import dev.stele.projection.ServerView;
import java.util.Optional;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/**
 * Tells the log of the servers themselves: when they began and ended, and with what configuration.
 * Methods throw {@link RegistryUnavailableException} when the database is away. Thread-safe.
 */
public final class ServerRecord {
  /** The media type of the document that says what is configured. */
  public static final String CONFIGURATION = "application/vnd.stele.configuration.v1+json";

  private final Actors actors;
  private final Commands commands;

  ServerRecord(Actors actors, Commands commands) {
    this.actors = actors;
    this.commands = commands;
  }

  /**
   * A server has begun to serve.
   *
   * @param configuration canonical JSON, without secrets
   * @return the event's position
   */
  public long started(Caller caller, String node, String version, byte[] configuration) {
    RecordDocuments.Document document = document(configuration);
    return append(
        caller,
        handle -> {
          Optional<ServerView.Server> last = ServerView.last(handle, node);
          return new Event.ServerStarted(
              node,
              version,
              document.digest(),
              other(last, document),
              last.filter(before -> before.node().equals(node) && before.running()).isPresent());
        },
        Optional.of(document));
  }

  /** A server is about to end. */
  public long stopped(Caller caller, String node) {
    return append(caller, _ -> new Event.ServerStopped(node), Optional.empty());
  }

  /**
   * What a server read again is in force.
   *
   * @param configuration as for {@link #started}
   */
  public long changed(Caller caller, String node, byte[] configuration) {
    RecordDocuments.Document document = document(configuration);
    return append(
        caller,
        handle ->
            new Event.ConfigurationChanged(
                node, document.digest(), other(ServerView.last(handle, node), document)),
        Optional.of(document));
  }

  /** A user of a server's file came, went or has another password. */
  public long userChanged(String user, Event.UserChanged.Change change) {
    Initiator initiator = commands.system(RegistryParts.CONFIGURATION);
    Commitment identity =
        actors.initiator(Identity.user(user), Origin.NONE, initiator.requestId()).identity();
    return commands.append(
        new RecordOperation(
            initiator, _ -> new Event.UserChanged(identity, change), Optional.empty()));
  }

  /** What was in force before, if that was something else. */
  private static Optional<Digest> other(
      Optional<ServerView.Server> last, RecordDocuments.Document now) {
    return last.map(ServerView.Server::configuration).filter(then -> !then.equals(now.digest()));
  }

  private static RecordDocuments.Document document(byte[] configuration) {
    return new RecordDocuments.Document(CONFIGURATION, configuration);
  }

  private long append(
      Caller caller,
      Function<Handle, Event.OperatorEvent> event,
      Optional<RecordDocuments.Document> document) {
    return commands.append(caller, new RecordOperation(actors.initiator(caller), event, document));
  }
}
