package dev.stele.question;

import dev.stele.event.Identity;
import dev.stele.projection.Session;
import java.util.List;
import java.util.Optional;

/**
 * A session of somebody who signed in.
 *
 * @param user whose it is; absent if what is kept of them is not what the log has
 * @param issuer who vouched for them
 * @param groups in which they were when it began, of those that the access policy named
 * @param began when
 * @param position of the event by which it began
 */
public record SessionRow(
    String id,
    Optional<String> user,
    Optional<String> issuer,
    List<String> groups,
    String began,
    long position,
    String expires) {
  /** A column a field. */
  public static final Columns<SessionRow> COLUMNS = Columns.fields(SessionRow.class);

  /** The row of a session. */
  public static SessionRow of(Session session) {
    return new SessionRow(
        session.id(),
        session.identity().map(Identity::name),
        session.identity().flatMap(Identity::issuer),
        session.groups(),
        session.began().toString(),
        session.position(),
        session.expires().toString());
  }
}
