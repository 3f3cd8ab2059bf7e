package dev.stele.projection;

import dev.stele.event.BlobProblem;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.log.Fact;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Unnested;
import dev.stele.sql.Values;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/** Where the bytes of each digest lie, once a store, and which repositories have them. */
public final class BlobView implements InlineView {
  /**
   * Where the bytes of a digest lie in a store.
   *
   * @param size in bytes
   * @param problem what a check last found wrong with the object, if it did
   */
  public record Located(
      String store, Digest digest, String objectKey, long size, Optional<BlobProblem> problem) {
    /** What {@link #of} reads of a row {@code o} of {@code blob_object}. */
    public static final String COLUMNS = "o.store, o.digest, o.object_key, o.size, o.problem";

    private static Located of(ResultSet row) throws SQLException {
      return of(row, 1);
    }

    /** One of a row in which {@link #COLUMNS} begin with that column, from 1. */
    public static Located of(ResultSet row, int first) throws SQLException {
      return new Located(
          row.getString(first),
          Values.digest(row, first + 1),
          row.getString(first + 2),
          row.getLong(first + 3),
          Optional.ofNullable(row.getString(first + 4)).map(BlobProblem::valueOf));
    }
  }

  @Override
  public String name() {
    return "blob";
  }

  @Override
  public List<String> tables() {
    return List.of("blob_object", "blob_link");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    RowChanges<Member<Digest>, Link> links = new RowChanges<>();
    ObjectChanges objects = new ObjectChanges(transaction);
    for (RecordedEvent recorded : events) {
      long position = recorded.position();
      switch (recorded.event()) {
        case Event.BlobUploaded uploaded -> {
          if (uploaded.stored()) {
            objects.store(new Stored(position, uploaded));
          }
          if (uploaded.linked()) {
            Link link = new Link(uploaded.repository(), uploaded.digest(), position);
            links.add(new Member<>(link.repository(), link.digest()), link);
          }
        }
        case Event.BlobMounted mounted -> {
          if (mounted.linked()) {
            Link link = new Link(mounted.repository(), mounted.digest(), position);
            links.add(new Member<>(link.repository(), link.digest()), link);
          }
        }
        case Event.BlobRemoval gone -> links.remove(new Member<>(gone.repository(), gone.digest()));
        case Event.BlobSwept swept -> objects.sweep(swept);
        case Event.BlobCorruptionFound found ->
            objects.mark(
                new Mark(
                    found.store(),
                    found.digest(),
                    found.objectKey(),
                    Optional.of(found.problem())));
        case Event.BlobFoundIntact intact ->
            objects.mark(
                new Mark(intact.store(), intact.digest(), intact.objectKey(), Optional.empty()));
        case Event.RepositoryEvent _,
            Event.ManifestEvent _,
            Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.BlobRepaired _,
            Event.OrphanSwept _,
            Event.PullEvent _,
            Event.AccountEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
    objects.write();
    write(transaction, links);
  }

  private record Link(RepositoryName repository, Digest digest, long position) {}

  private static void write(Pipeline transaction, RowChanges<Member<Digest>, Link> links) {
    Member.delete(transaction, "blob_link", links.removed());
    new Unnested<>(links.added())
        .text("repositories", Link::repository)
        .digests("digests", Link::digest)
        .number("positions", Link::position)
        .execute(
            transaction,
            """
            INSERT INTO blob_link (repository, digest, linked_position)
            SELECT * FROM unnest(:repositories::text[], :digests::bytea[], :positions::bigint[])
            """);
  }

  private record Stored(long position, Event.BlobUploaded event) {}

  private record Mark(
      String store, Digest digest, String objectKey, Optional<BlobProblem> problem) {}

  /**
   * What becomes of objects. What is said of one holds for the key that it has at that moment, so
   * changes of different kinds are written in the order in which they came; each kind at once.
   */
  private static final class ObjectChanges {
    private final Pipeline transaction;
    private final Map<StoredIn, Stored> stored = new LinkedHashMap<>();
    private final List<Event.BlobSwept> swept = new ArrayList<>();
    private final Map<String, Mark> marks = new LinkedHashMap<>();

    private ObjectChanges(Pipeline transaction) {
      this.transaction = transaction;
    }

    void store(Stored object) {
      if (!swept.isEmpty() || !marks.isEmpty()) {
        write();
      }
      stored.put(new StoredIn(object.event().store(), object.event().digest()), object);
    }

    void sweep(Event.BlobSwept object) {
      if (!stored.isEmpty() || !marks.isEmpty()) {
        write();
      }
      swept.add(object);
    }

    /** Of several marks of an object, the last one says how it is. */
    void mark(Mark mark) {
      if (!stored.isEmpty() || !swept.isEmpty()) {
        write();
      }
      marks.put(mark.store() + ' ' + mark.digest() + ' ' + mark.objectKey(), mark);
    }

    void write() {
      new Unnested<>(stored.values())
          .text("stores", object -> object.event().store())
          .digests("digests", object -> object.event().digest())
          .text("keys", object -> object.event().objectKey())
          .number("sizes", object -> object.event().size())
          .number("positions", Stored::position)
          .execute(
              transaction,
              """
              INSERT INTO blob_object (store, digest, object_key, size, stored_position)
              SELECT * FROM unnest(
                :stores::text[], :digests::bytea[], :keys::text[], :sizes::bigint[], :positions::bigint[])
              ON CONFLICT (digest, store) DO UPDATE
                SET object_key = excluded.object_key, size = excluded.size,
                    stored_position = excluded.stored_position, problem = NULL
              """);
      stored.clear();
      new Unnested<>(swept)
          .text("stores", Event.BlobSwept::store)
          .digests("digests", Event.BlobSwept::digest)
          .text("keys", Event.BlobSwept::objectKey)
          .execute(
              transaction,
              """
              DELETE FROM blob_object o
              USING unnest(:stores::text[], :digests::bytea[], :keys::text[]) AS gone (store, digest, object_key)
              WHERE o.digest = gone.digest AND o.store = gone.store AND o.object_key = gone.object_key
              """);
      swept.clear();
      new Unnested<>(marks.values())
          .text("stores", Mark::store)
          .digests("digests", Mark::digest)
          .text("keys", Mark::objectKey)
          .text("problems", mark -> mark.problem().map(Enum::name).orElse(null))
          .execute(
              transaction,
              """
              UPDATE blob_object o SET problem = mark.problem
              FROM unnest(:stores::text[], :digests::bytea[], :keys::text[], :problems::text[])
                AS mark (store, digest, object_key, problem)
              WHERE o.digest = mark.digest AND o.store = mark.store AND o.object_key = mark.object_key
              """);
      marks.clear();
    }
  }

  // ---- facts

  /** Whether a repository has a blob. */
  public static final Fact<Member<Digest>, Boolean> LINKED =
      Fact.ofRows(
          Member.DIGEST,
          """
          SELECT asked.repository, asked.digest
          FROM unnest(?::text[], ?::bytea[]) AS asked (repository, digest)
          WHERE EXISTS (
            SELECT FROM blob_link
            WHERE repository = asked.repository AND digest = asked.digest OFFSET 0)
          """,
          (event, known) ->
              Linking.of(event).ifPresent(change -> known.put(change.blob(), change.linked())));

  private static final Fact.Key<Digest> DIGEST =
      new Fact.Key<>(List.of(digest -> digest), row -> Values.digest(row, 1));

  /** Whether any repository has a blob. */
  public static final Fact<Digest, Boolean> LINKED_ANYWHERE =
      Fact.ofRows(
          DIGEST,
          """
          SELECT asked.digest FROM unnest(?::bytea[]) AS asked (digest)
          WHERE EXISTS (SELECT FROM blob_link WHERE digest = asked.digest OFFSET 0)
          """,
          (event, known) ->
              Linking.of(event)
                  .ifPresent(
                      change -> {
                        if (change.linked()) {
                          known.put(change.blob().item(), true);
                        } else {
                          known.forget(change.blob().item());
                        }
                      }));

  /** What an event makes of a link. */
  private record Linking(Member<Digest> blob, boolean linked) {
    static Optional<Linking> of(Event event) {
      return switch (event) {
        case Event.BlobUploaded uploaded when uploaded.linked() ->
            of(uploaded.repository(), uploaded.digest(), true);
        case Event.BlobMounted mounted when mounted.linked() ->
            of(mounted.repository(), mounted.digest(), true);
        case Event.BlobRemoval gone -> of(gone.repository(), gone.digest(), false);
        case Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.RepositoryEvent _,
            Event.ManifestEvent _,
            Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.PullEvent _,
            Event.AccountEvent _,
            Event.OperatorEvent _ ->
            Optional.empty();
      };
    }

    private static Optional<Linking> of(RepositoryName repository, Digest digest, boolean linked) {
      return Optional.of(new Linking(new Member<>(repository, digest), linked));
    }
  }

  /** A digest in a store. */
  public record StoredIn(String store, Digest digest) {}

  /** Where a store has the bytes of a digest, linked to any repository or none. */
  public static final Fact<StoredIn, Optional<Located>> STORED =
      new Fact<>(
          new Fact.Key<>(
              List.of(StoredIn::store, StoredIn::digest),
              row -> new StoredIn(row.getString(1), Values.digest(row, 2))),
          """
          SELECT %s
          FROM unnest(?::text[], ?::bytea[]) AS asked (store, digest)
          CROSS JOIN LATERAL (
            SELECT * FROM blob_object
            WHERE digest = asked.digest AND store = asked.store OFFSET 0) AS o
          """
              .formatted(Located.COLUMNS),
          Optional.empty(),
          (_, row) -> Optional.of(Located.of(row)),
          (event, known) -> {
            switch (event) {
              case Event.BlobUploaded uploaded -> {
                if (uploaded.stored()) {
                  known.put(
                      new StoredIn(uploaded.store(), uploaded.digest()),
                      Optional.of(
                          new Located(
                              uploaded.store(),
                              uploaded.digest(),
                              uploaded.objectKey(),
                              uploaded.size(),
                              Optional.empty())));
                }
              }
              case Event.BlobSwept swept ->
                  known.forget(new StoredIn(swept.store(), swept.digest()));
              case Event.BlobCorruptionFound found ->
                  known.forget(new StoredIn(found.store(), found.digest()));
              case Event.BlobFoundIntact intact ->
                  known.forget(new StoredIn(intact.store(), intact.digest()));
              case Event.BlobEvent _,
                  Event.ObjectEvent _,
                  Event.RepositoryEvent _,
                  Event.ManifestEvent _,
                  Event.TagEvent _,
                  Event.HoldEvent _,
                  Event.RetentionEvent _,
                  Event.PullEvent _,
                  Event.AccountEvent _,
                  Event.OperatorEvent _ -> {}
            }
          });

  /** How many bytes a digest has that any store has. */
  public static final Fact<Digest, OptionalLong> SIZE =
      new Fact<>(
          DIGEST,
          """
          SELECT asked.digest, o.size
          FROM unnest(?::bytea[]) AS asked (digest)
          CROSS JOIN LATERAL (
            SELECT size FROM blob_object WHERE digest = asked.digest LIMIT 1) AS o
          """,
          OptionalLong.empty(),
          (_, row) -> OptionalLong.of(row.getLong(2)),
          (event, known) -> {
            switch (event) {
              case Event.BlobUploaded uploaded -> {
                if (uploaded.stored()) {
                  known.put(uploaded.digest(), OptionalLong.of(uploaded.size()));
                }
              }
              case Event.BlobSwept swept -> known.forget(swept.digest());
              case Event.BlobEvent _,
                  Event.ObjectEvent _,
                  Event.RepositoryEvent _,
                  Event.ManifestEvent _,
                  Event.TagEvent _,
                  Event.HoldEvent _,
                  Event.RetentionEvent _,
                  Event.PullEvent _,
                  Event.AccountEvent _,
                  Event.OperatorEvent _ -> {}
            }
          });

  // ---- queries

  /** Where a store has the bytes of a digest, linked to any repository or none. */
  public static Optional<Located> stored(Handle handle, Digest digest, String store) {
    return handle
        .createQuery(
            """
            SELECT %s FROM blob_object o WHERE o.digest = :digest AND o.store = :store
            """
                .formatted(Located.COLUMNS))
        .bind("digest", digest)
        .bind("store", store)
        .map((row, _) -> Located.of(row))
        .findOne();
  }

  /** Those of these digests whose bytes a store has, and of which no harm is known. */
  public static Set<Digest> whole(Handle handle, Collection<Digest> digests, String store) {
    return handle
        .createQuery(
            """
            SELECT %s FROM blob_object o WHERE o.digest = ANY (:digests) AND o.store = :store
            """
                .formatted(Located.COLUMNS))
        .bind("digests", Values.digests(digests))
        .bind("store", store)
        .map((row, _) -> Located.of(row))
        .filter(object -> object.problem().filter(BlobProblem::hidden).isEmpty())
        .map(Located::digest)
        .collect(Collectors.toSet());
  }

  /** At most {@code limit} objects of a store after a digest, in the order of digests. */
  public static List<Located> objects(
      Handle handle, String store, Optional<Digest> after, int limit) {
    return handle
        .createQuery(
            """
            SELECT %s FROM blob_object o
            WHERE o.store = :store AND o.digest > :after
            ORDER BY o.digest
            LIMIT :limit
            """
                .formatted(Located.COLUMNS))
        .bind("store", store)
        .bind("after", Values.bytesOrNone(after))
        .bind("limit", limit)
        .map((row, _) -> Located.of(row))
        .list();
  }

  /** Those of these keys under which a store has an object that the log knows. */
  public static Set<String> recordedKeys(Handle handle, String store, Collection<String> keys) {
    return new HashSet<>(
        handle
            .createQuery(
                """
                SELECT wanted.key
                FROM unnest(:keys::text[]) AS wanted (key)
                WHERE EXISTS (
                  SELECT FROM blob_object
                  WHERE hashtextextended(object_key, 0) = hashtextextended(wanted.key, 0)
                    AND object_key = wanted.key AND store = :store OFFSET 0)
                """)
            .bindArray("keys", String.class, keys)
            .bind("store", store)
            .mapTo(String.class)
            .list());
  }

  /** Whether a repository has the blob. */
  public static boolean linked(Handle handle, RepositoryName repository, Digest digest) {
    return handle
        .createQuery(
            """
            SELECT EXISTS (SELECT FROM blob_link WHERE repository = :repository AND digest = :digest)
            """)
        .bind("repository", repository)
        .bind("digest", digest)
        .mapTo(Boolean.class)
        .one();
  }

  /** Those of these blobs that a repository has. */
  public static Set<Digest> linked(
      Handle handle, RepositoryName repository, Collection<Digest> digests) {
    return new HashSet<>(
        handle
            .createQuery(
                """
                SELECT digest FROM blob_link WHERE repository = :repository AND digest = ANY (:digests)
                """)
            .bind("repository", repository)
            .bind("digests", Values.digests(digests))
            .mapTo(Digest.class)
            .list());
  }

  /** At most {@code limit} blobs of a repository after one, in the order of their digests. */
  public static List<Digest> list(
      Handle handle, RepositoryName repository, Optional<Digest> after, int limit) {
    return handle
        .createQuery(
            """
            SELECT digest FROM blob_link
            WHERE repository = :repository AND digest > :after
            ORDER BY digest
            LIMIT :limit
            """)
        .bind("repository", repository)
        .bind("after", Values.bytesOrNone(after))
        .bind("limit", limit)
        .mapTo(Digest.class)
        .list();
  }
}
