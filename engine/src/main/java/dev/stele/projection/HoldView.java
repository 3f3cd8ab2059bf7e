package dev.stele.projection;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.log.Fact;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Unnested;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** Every hold that was ever placed, and whose bytes those of digests keep. */
public final class HoldView implements InlineView {
  private final ManifestDocuments documents;

  HoldView(ManifestDocuments documents) {
    this.documents = documents;
  }

  @Override
  public String name() {
    return "hold";
  }

  @Override
  public List<String> tables() {
    return List.of("hold", "hold_content");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    Set<Digest> put = new LinkedHashSet<>();
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.HoldPlaced placed -> {
          keepContent(transaction, put);
          put.clear();
          place(transaction, recorded, placed);
          placed
              .digest()
              .ifPresent(digest -> keepContent(transaction, List.of(placed.hold()), digest));
        }
        case Event.HoldReleased released -> release(transaction, recorded, released);
        case Event.ManifestPut manifest -> {
          if (manifest.added()) {
            put.add(manifest.digest());
          }
        }
        case Event.RepositoryEvent _,
            Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.TagEvent _,
            Event.RetentionEvent _,
            Event.ManifestRemoval _,
            Event.PullEvent _,
            Event.AccountEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
    keepContent(transaction, put);
  }

  /** A hold may be older than what it covers. */
  private void keepContent(Pipeline transaction, Set<Digest> put) {
    new Unnested<>(put)
        .digests("digests", digest -> digest)
        .query(
            transaction,
            "SELECT digest, array_agg(hold) FROM hold_content WHERE digest = ANY (:digests) GROUP"
                + " BY digest",
            row -> Map.entry(Values.digest(row, 1), List.of((UUID[]) row.getArray(2).getArray())),
            held -> keepContent(transaction, held.getValue(), held.getKey()));
  }

  private static void place(Pipeline transaction, RecordedEvent recorded, Event.HoldPlaced placed) {
    transaction
        .handle()
        .createUpdate(
            """
            INSERT INTO hold (id, repositories, one_repository, tag, digest, freezes, reason,
                              placed_position, placed_at, placed_by)
            VALUES (:id, :repositories, :one, :tag, :digest, :freezes, :reason, :position, :at, :actor)
            """)
        .bind("id", placed.hold())
        .bind("repositories", repositories(placed.repository(), placed.repositories()))
        .bind("one", placed.repository().isPresent())
        .bind("tag", placed.tag())
        .bind("digest", placed.digest())
        .bind("freezes", placed.freeze())
        .bind("reason", placed.reason())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .bind("actor", recorded.actor().value())
        .execute();
  }

  /** What an event says in either of two fields. */
  static String repositories(Optional<RepositoryName> one, Optional<String> glob) {
    return one.map(RepositoryName::value).or(() -> glob).orElseThrow();
  }

  private static void release(
      Pipeline transaction, RecordedEvent recorded, Event.HoldReleased released) {
    transaction
        .handle()
        .createUpdate(
            """
            UPDATE hold
            SET released_position = :position, released_at = :at, released_by = :actor, release_reason = :reason,
                release_approvals = :approvals
            WHERE id = :id
            """)
        .bind("id", released.hold())
        .bind("position", recorded.position())
        .bind("at", recorded.recordedAt())
        .bind("actor", recorded.actor().value())
        .bind("reason", released.reason())
        .bindArray("approvals", Long.class, released.approvals())
        .execute();
  }

  /**
   * Keeps the bytes of a digest and of whatever it refers to. What is not known yet is added when
   * its manifest is put, so in the end it does not matter which came first. In the lane, so with a
   * look-up a level, not a digest. Only what is listed: this is about the bytes of digests, in no
   * repository, and a referrer is one of a subject in its repository ({@link Liveness}).
   */
  private void keepContent(Pipeline transaction, List<UUID> holds, Digest digest) {
    Set<Digest> found = new HashSet<>(List.of(digest));
    Collection<Digest> level = List.of(digest);
    while (!level.isEmpty()) {
      List<Digest> below = new ArrayList<>();
      documents.forEach(
          transaction.handle(),
          level,
          (lister, bytes) ->
              ManifestDocuments.read(lister, bytes).references().stream()
                  .filter(found::add)
                  .forEach(below::add));
      level = below;
    }
    transaction
        .handle()
        .createUpdate(
            """
            INSERT INTO hold_content (hold, digest)
            SELECT hold, digest FROM unnest(:holds::uuid[]) AS h (hold), unnest(:digests::bytea[]) AS d (digest)
            ON CONFLICT DO NOTHING
            """)
        .bindArray("holds", UUID.class, holds)
        .bind("digests", Values.digests(found))
        .execute();
  }

  // ---- queries

  private static final String COLUMNS =
      """
      h.id, h.repositories, h.tag, h.digest, h.freezes, h.reason, h.placed_position, h.placed_at,
      h.placed_by, p.opening AS placed_by_opening, h.released_position, h.released_at, h.released_by,
      r.opening AS released_by_opening, h.release_reason
      """;

  private static final String ACTORS =
      """
      LEFT JOIN actor p ON p.id = h.placed_by
      LEFT JOIN actor r ON r.id = h.released_by
      """;

  /** Of those in force: nothing of a release. */
  private static final String ACTIVE = "SELECT " + COLUMNS + "FROM hold h\n" + ACTORS;

  private static final String SELECT =
      "SELECT "
          + COLUMNS
          + ", approved.by AS approved_by, approved.openings AS approved_openings FROM hold h\n"
          + ACTORS
          + """
          LEFT JOIN LATERAL (
            SELECT array_agg(e.actor_id ORDER BY number) AS by, array_agg(a.opening ORDER BY number) AS openings
            FROM unnest(h.release_approvals) WITH ORDINALITY AS g (position, number)
            JOIN event e USING (position)
            LEFT JOIN actor a ON a.id = e.actor_id) AS approved ON true
          """;

  private static Hold hold(ResultSet row) throws SQLException {
    return new Hold(
        row.getObject("id", UUID.class),
        new HoldScope(
            RepositoryGlob.parse(row.getString("repositories")),
            Optional.ofNullable(row.getString("tag")).map(Tag::parse),
            Values.digestIfAny(row, "digest")),
        row.getBoolean("freezes"),
        row.getString("reason"),
        act(row, "placed"),
        row.getObject("released_at") == null ? Optional.empty() : Optional.of(release(row)));
  }

  private static Hold.Release release(ResultSet row) throws SQLException {
    Hold.Act act = act(row, "released");
    return new Hold.Release(
        act,
        row.getString("release_reason"),
        row.getArray("approved_by") == null
            ? act.actor().stream().toList()
            : ActorNames.readAll(row, "approved_by", "approved_openings"));
  }

  /** A step of three columns, and the opening of whoever took it. */
  static Hold.Act act(ResultSet row, String which) throws SQLException {
    return new Hold.Act(
        row.getLong(which + "_position"),
        Values.time(row, which + "_at"),
        ActorNames.read(row, which + "_by", which + "_by_opening"));
  }

  /** A hold by its id, active or not. */
  public static Optional<Hold> find(Handle handle, UUID id) {
    return handle
        .createQuery(SELECT + "WHERE h.id = :id")
        .bind("id", id)
        .map((row, _) -> hold(row))
        .findOne();
  }

  /**
   * At most {@code limit} holds that were placed before a position, newest first.
   *
   * @param released whether also those that were released
   */
  public static List<Hold> list(Handle handle, boolean released, long before, int limit) {
    return handle
        .createQuery(
            SELECT
                + """
                WHERE h.placed_position < :before %s
                ORDER BY h.placed_position DESC
                LIMIT :limit
                """
                    .formatted(released ? "" : "AND h.released_position IS NULL"))
        .bind("before", before)
        .bind("limit", limit)
        .map((row, _) -> hold(row))
        .list();
  }

  /** Whether any hold is active: where none is, as is usual, nothing else need be asked. */
  public static boolean any(Handle handle) {
    return ANY.lookUp(handle, List.of(Everywhere.REGISTRY)).get(Everywhere.REGISTRY);
  }

  /** The key of what is so of the whole registry. */
  public enum Everywhere {
    REGISTRY
  }

  /** Whether any hold is active. */
  public static final Fact<Everywhere, Boolean> ANY =
      Fact.ofRows(
          new Fact.Key<>(List.of(), _ -> Everywhere.REGISTRY),
          "SELECT WHERE EXISTS (SELECT FROM hold WHERE released_position IS NULL)",
          (event, known) -> {
            if (event instanceof Event.HoldEvent) {
              known.forgetAll();
            }
          });

  /**
   * The active holds of the whole repository of a tag, of the tag, and of the digest that it points
   * to.
   */
  public static final Fact<Member<Tag>, List<Hold>> COVERING =
      new Fact<>(
          Member.TAG,
          """
          SELECT asked.repository, asked.name, %s
          FROM unnest(?::text[], ?::text[]) AS asked (repository, name)
          CROSS JOIN LATERAL (
            SELECT * FROM hold
            WHERE released_position IS NULL AND tag IS NULL AND digest IS NULL
              AND one_repository AND repositories = asked.repository
            UNION ALL
            SELECT * FROM hold
            WHERE released_position IS NULL AND tag IS NULL AND digest IS NULL AND NOT one_repository
            UNION ALL
            SELECT * FROM hold
            WHERE released_position IS NULL AND tag = asked.name
              AND (NOT one_repository OR repositories = asked.repository)
            UNION ALL
            SELECT * FROM hold
            WHERE released_position IS NULL AND freezes AND tag IS NULL
              AND digest = (SELECT digest FROM tag WHERE repository = asked.repository AND name = asked.name)
              AND (NOT one_repository OR repositories = asked.repository)) AS h
          %s
          """
              .formatted(COLUMNS, ACTORS),
          List.of(),
          HoldView::andCovering,
          (event, known) -> {
            switch (event) {
              case Event.HoldEvent _ -> known.forgetAll();
              case Event.TagPointed pointed ->
                  known.forget(new Member<>(pointed.repository(), pointed.tag()));
              case Event.TagEvent _,
                  Event.RepositoryEvent _,
                  Event.BlobEvent _,
                  Event.ObjectEvent _,
                  Event.ManifestEvent _,
                  Event.RetentionEvent _,
                  Event.PullEvent _,
                  Event.AccountEvent _,
                  Event.OperatorEvent _ -> {}
            }
          });

  private static List<Hold> andCovering(List<Hold> before, ResultSet row) throws SQLException {
    Hold hold = hold(row);
    if (!hold.concerns(RepositoryName.parse(row.getString("repository")))) {
      return before;
    }
    List<Hold> all = new ArrayList<>(before);
    all.add(hold);
    return all;
  }

  /** The active holds of a whole repository, and of any of these tags and digests of it. */
  public static List<Hold> covering(
      Handle handle, RepositoryName repository, Collection<Tag> tags, Collection<Digest> digests) {
    return handle
        .createQuery(
            ACTIVE
                + """
                WHERE h.released_position IS NULL
                  AND (h.tag IS NULL AND h.digest IS NULL AND h.one_repository AND h.repositories = :repository
                    OR h.tag IS NULL AND h.digest IS NULL AND NOT h.one_repository
                    OR h.tag = ANY (:tags)
                    OR h.digest = ANY (:digests))
                  AND (NOT h.one_repository OR h.repositories = :repository)
                ORDER BY h.placed_position
                """)
        .bind("repository", repository)
        .bindArray("tags", Tag.class, tags)
        .bind("digests", Values.digests(digests))
        .map((row, _) -> hold(row))
        .filter(hold -> hold.concerns(repository))
        .list();
  }

  /**
   * The active holds of a whole repository, of any of these digests of it, and of any of the tags
   * that point to one of these. Costs a look-up for each hold of a tag, however many tags there
   * are.
   */
  public static List<Hold> keeping(
      Handle handle, RepositoryName repository, Collection<Digest> digests) {
    return handle
        .createQuery(
            ACTIVE
                + """
                WHERE h.released_position IS NULL
                  AND (h.tag IS NULL AND h.digest IS NULL
                    OR h.digest = ANY (:digests)
                    OR (SELECT digest FROM live_tag t
                        WHERE t.repository = :repository AND t.name = h.tag) = ANY (:digests))
                  AND (NOT h.one_repository OR h.repositories = :repository)
                ORDER BY h.placed_position
                """)
        .bind("repository", repository)
        .bind("digests", Values.digests(digests))
        .map((row, _) -> hold(row))
        .filter(hold -> hold.concerns(repository))
        .list();
  }

  /** The active holds of a repository, or of anything in it. */
  public static List<Hold> active(Handle handle, RepositoryName repository) {
    return handle
        .createQuery(
            ACTIVE
                + """
                WHERE h.released_position IS NULL AND (NOT h.one_repository OR h.repositories = :repository)
                ORDER BY h.placed_position
                """)
        .bind("repository", repository)
        .map((row, _) -> hold(row))
        .filter(hold -> hold.concerns(repository))
        .list();
  }

  /** All holds that ever concerned a repository, in the order in which they were placed. */
  public static List<Hold> concerning(Handle handle, RepositoryName repository) {
    return handle
        .createQuery(
            SELECT
                + """
                WHERE NOT h.one_repository OR h.repositories = :repository
                ORDER BY h.placed_position
                """)
        .bind("repository", repository)
        .map((row, _) -> hold(row))
        .filter(hold -> hold.concerns(repository))
        .list();
  }

  /**
   * Those of these digests whose bytes a hold keeps, or kept until after a time: what is released
   * has a grace period.
   */
  public static Set<Digest> content(Handle handle, Collection<Digest> digests, Instant until) {
    return new LinkedHashSet<>(
        handle
            .createQuery(
                """
                SELECT DISTINCT c.digest
                FROM hold_content c
                JOIN hold h ON h.id = c.hold
                WHERE c.digest = ANY (:digests) AND (h.released_at IS NULL OR h.released_at > :until)
                """)
            .bind("digests", Values.digests(digests))
            .bind("until", until)
            .mapTo(Digest.class)
            .list());
  }
}
