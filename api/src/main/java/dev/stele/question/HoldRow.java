package dev.stele.question;

import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.projection.Hold;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * A hold.
 *
 * @param repositories a repository's name, or a glob
 * @param reason why it was placed
 * @param released absent while it is in force
 * @param coversNothing present when it was placed and there was nothing that it covers
 */
public record HoldRow(
    String id,
    String repositories,
    Optional<Tag> tag,
    Optional<Digest> digest,
    boolean freeze,
    String reason,
    Step placed,
    Optional<Step> released,
    Optional<Boolean> coversNothing) {
  /**
   * A column a field, but for what only the answer that places it has, and for what only a release
   * has.
   */
  public static final Columns<HoldRow> COLUMNS =
      Columns.fields(HoldRow.class, Set.of("coversNothing", "placed.reason", "placed.by"));

  /** What people see. */
  static final Columns<HoldRow> TABLE =
      Columns.over(HoldRow.class)
          .with("id", HoldRow::id)
          .with("covers", HoldRow::covers)
          .with("freeze", HoldRow::freeze)
          .with("reason", HoldRow::reason)
          .with("placed", row -> row.placed().at())
          .with("placed.position", row -> row.placed().position())
          .with("placed.actor", row -> row.placed().actor())
          .with("released", row -> row.released().map(Step::at))
          .with("released.position", row -> row.released().map(Step::position))
          .with("released.actor", row -> row.released().flatMap(Step::actor))
          .with("released.by", row -> row.released().flatMap(Step::by))
          .with("released.reason", row -> row.released().flatMap(Step::reason));

  private String covers() {
    HoldScope scope = new HoldScope(RepositoryGlob.parse(repositories), tag, digest);
    return scope + ", " + scope.along();
  }

  /**
   * The placing of a hold, or its release.
   *
   * @param actor empty if that person was forgotten
   * @param reason of the release
   * @param by all whom the release took
   */
  public record Step(
      String at,
      long position,
      Optional<String> actor,
      Optional<String> reason,
      Optional<List<String>> by) {}

  /** The row of a hold. */
  public static HoldRow of(Hold hold) {
    return of(hold, true);
  }

  /**
   * The row of a hold that was placed just now.
   *
   * @param covers whether there is anything that it covers
   */
  public static HoldRow of(Hold hold, boolean covers) {
    return new HoldRow(
        hold.id().toString(),
        hold.scope().repositories().toString(),
        hold.scope().tag(),
        hold.scope().digest(),
        hold.freeze(),
        hold.reason(),
        step(hold.placed(), Optional.empty(), Optional.empty()),
        hold.release()
            .map(
                release ->
                    step(release.act(), Optional.of(release.reason()), Optional.of(release.by()))),
        covers ? Optional.empty() : Optional.of(true));
  }

  /**
   * An id.
   *
   * @throws IllegalArgumentException whose message continues what it is called
   */
  public static UUID id(String text) {
    if (!text.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")) {
      throw new IllegalArgumentException(
          "must be a UUID in lower case, such as 123e4567-e89b-12d3-a456-426614174000");
    }
    return UUID.fromString(text);
  }

  /**
   * The id of a hold that may be there: what cannot be an id cannot be there.
   *
   * @throws dev.stele.server.http.RefusedRequestException 404
   */
  public static UUID existing(String text) {
    try {
      return id(text);
    } catch (IllegalArgumentException e) {
      throw new DistributionError(
              404, ErrorCode.NOT_FOUND, "there is no such hold; its id " + e.getMessage())
          .asException();
    }
  }

  private static Step step(Hold.Act act, Optional<String> reason, Optional<List<String>> by) {
    return new Step(act.at().toString(), act.position(), act.actor(), reason, by);
  }
}
