package dev.stele.history;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.ActorNames;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;

/**
 * A period during which a tag pointed to a digest. Of actors, the names as known now; empty if that
 * person was forgotten.
 *
 * @param from the event with which it began
 * @param until the event with which it ended; absent while the tag still has the digest
 * @param endedBy {@code moved} or {@code deleted}
 */
public record TagPeriod(
    RepositoryName repository,
    Tag tag,
    Digest digest,
    Since from,
    Optional<String> fromActor,
    Optional<Since> until,
    Optional<String> untilActor,
    Optional<String> endedBy) {
  /** Reads a row of {@code tag_period} with the names of the actors. */
  static TagPeriod of(ResultSet row) throws SQLException {
    return new TagPeriod(
        RepositoryName.parse(row.getString("repository")),
        Tag.parse(row.getString("name")),
        Values.digest(row, "digest"),
        Since.of(row, "from"),
        ActorNames.read(row, "from_actor", "from_opening"),
        Since.ifAny(row, "until"),
        ActorNames.read(row, "until_actor", "until_opening"),
        Optional.ofNullable(row.getString("ended_by")));
  }
}
