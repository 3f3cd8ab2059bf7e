package dev.stele.history;

import dev.stele.history.Exposed.How;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Manifest;
import dev.stele.projection.ExposureView;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.PutDocuments;
import dev.stele.sql.Values;
import java.sql.Array;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jdbi.v3.core.Handle;

/**
 * Goes from a digest to the manifests that have it: first its own, then those that name it, in the
 * order of digests, each followed by the indexes above it, in the same order. Not what kept it
 * alive, but what has it: so of all repositories and times, and a subject leads to no one. Reads as
 * much as it finds. Used once, by one thread.
 */
final class ExposureWalk {
  /** How many indexes above one image are told of. */
  static final int MOST_INDEXES = 10_000;

  /** How many images are looked at together at most. */
  private static final int BATCH = 64;

  /** How many such batches one page takes, although all turned out to have another base. */
  private static final int MOST_BATCHES = 20;

  /** Of a layer that is in more manifests than this, it does not matter in how many. */
  private static final int COMMON = 1_000;

  private final Handle handle;
  private final PutDocuments documents;
  private final Digest digest;
  private final int limit;
  private final Optional<Base> base;
  private final List<Exposed> found = new ArrayList<>();
  private Optional<ExposurePage.Key> last;

  /**
   * The layers of the digest, if it is an image's.
   *
   * @param rarest the one that the fewest manifests have
   */
  private record Base(List<Digest> layers, Digest rarest) {}

  /** A manifest that names the digest, or has a layer of it. */
  private record Direct(Digest manifest, Set<How> how, boolean candidate, boolean listed) {}

  private record Indexes(List<Digest> digests, boolean more) {}

  ExposureWalk(Handle handle, PutDocuments documents, Digest digest, int limit) {
    this.handle = handle;
    this.documents = documents;
    this.digest = digest;
    this.limit = limit;
    this.base = base();
    this.last = Optional.empty();
  }

  /** The page after a key. */
  ExposurePage after(Optional<ExposurePage.Key> after) {
    last = after;
    int size = Math.min(BATCH, limit + 1);
    boolean full = after.isEmpty() ? !addItself() : !finish(after.get());
    for (int batch = 0; !full && batch < MOST_BATCHES; batch++) {
      // After its own come those whose digests are lower, too.
      Optional<Digest> from =
          last.map(ExposurePage.Key::image).filter(image -> !image.equals(digest));
      List<Direct> directs = direct(from, Optional.empty(), size);
      for (Direct direct : builtOn(directs)) {
        if (!add(direct)) {
          full = true;
          break;
        }
      }
      if (!full && directs.size() < size) {
        return new ExposurePage(describe(), Optional.empty());
      }
    }
    return new ExposurePage(describe(), last);
  }

  private boolean addItself() {
    if (documents.find(handle, digest).isEmpty()) {
      return true;
    }
    return add(digest, EnumSet.of(How.ITSELF), Optional.empty(), false, key(digest));
  }

  /** Adds what is left of the indexes above the last image of the page before. */
  private boolean finish(ExposurePage.Key after) {
    if (after.image().equals(digest)) {
      return true;
    }
    for (Direct direct : builtOn(direct(Optional.empty(), Optional.of(after.image()), 1))) {
      return addIndexes(direct, indexes(direct, after.index()));
    }
    return true;
  }

  /** False if the page is full. */
  private boolean add(Direct direct) {
    if (direct.how().isEmpty()) {
      last = Optional.of(key(direct.manifest())); // Looked at, so not to be looked at again.
      return true;
    }
    Indexes indexes = indexes(direct, Optional.empty());
    return add(
            direct.manifest(),
            direct.how(),
            Optional.empty(),
            indexes.more(),
            key(direct.manifest()))
        && addIndexes(direct, indexes);
  }

  private boolean addIndexes(Direct direct, Indexes indexes) {
    for (Digest index : indexes.digests()) {
      if (!add(
          index,
          EnumSet.of(How.CHILD),
          Optional.of(direct.manifest()),
          false,
          new ExposurePage.Key(direct.manifest(), Optional.of(index)))) {
        return false;
      }
    }
    return true;
  }

  private boolean add(
      Digest manifest, Set<How> how, Optional<Digest> via, boolean more, ExposurePage.Key key) {
    if (found.size() == limit) {
      return false;
    }
    found.add(new Exposed(manifest, "", 0, how, via, more));
    last = Optional.of(key);
    return true;
  }

  private static ExposurePage.Key key(Digest image) {
    return new ExposurePage.Key(image, Optional.empty());
  }

  /**
   * Manifests that name the digest or have the rarest layer of it: those after one, or only that
   * one.
   */
  private List<Direct> direct(Optional<Digest> after, Optional<Digest> only, int most) {
    return handle
        .createQuery(
            """
            SELECT manifest, kinds,
                   EXISTS (SELECT FROM exposure_reference up
                           WHERE up.digest = named.manifest AND up.%1$s) AS listed
            FROM (
              SELECT manifest, array_agg(kind) AS kinds
              FROM (
                (SELECT manifest, kind FROM exposure_reference
                 WHERE digest = :digest AND manifest > :after AND manifest BETWEEN :first AND :last
                 ORDER BY digest, manifest, kind
                 LIMIT :rows)
                UNION ALL
                (SELECT manifest, 'candidate' FROM exposure_reference
                 WHERE digest = :layer AND kind = 'layer' AND manifest > :after AND manifest BETWEEN :first AND :last
                   AND manifest <> :digest
                 ORDER BY digest, manifest
                 LIMIT :rows)) AS rows
              GROUP BY manifest
              ORDER BY manifest
              LIMIT :most) AS named
            """
                .formatted(ExposureView.LISTS))
        .bind("digest", digest)
        .bind("layer", Values.bytesOrNone(base.map(Base::rarest)))
        .bind("after", Values.bytesOrNone(after))
        .bind("first", Values.bytesOrNone(only))
        .bind("last", Values.bytesOrEnd(only))
        // A manifest has at most a row for each kind.
        .bind("rows", most * How.values().length)
        .bind("most", most)
        .map((row, _) -> direct(row))
        .list();
  }

  private static Direct direct(ResultSet row) throws SQLException {
    Set<How> how = EnumSet.noneOf(How.class);
    boolean candidate = false;
    Array kinds = row.getArray("kinds");
    for (String kind : (String[]) kinds.getArray()) {
      if (kind.equals("candidate")) {
        candidate = true;
      } else {
        how.add(How.valueOf(kind.toUpperCase(Locale.ROOT)));
      }
    }
    return new Direct(Values.digest(row, "manifest"), how, candidate, row.getBoolean("listed"));
  }

  /** Says of the candidates whether they are built on the digest. */
  private List<Direct> builtOn(List<Direct> directs) {
    Set<Digest> built = new HashSet<>();
    documents.forEach(
        handle,
        directs.stream().filter(Direct::candidate).map(Direct::manifest).toList(),
        (candidate, document) -> {
          List<Digest> layers = base.orElseThrow().layers();
          List<Digest> others = layers(candidate, document);
          if (others.size() >= layers.size() && others.subList(0, layers.size()).equals(layers)) {
            built.add(candidate);
          }
        });
    return directs.stream()
        .map(
            direct -> {
              Set<How> how = EnumSet.noneOf(How.class);
              how.addAll(direct.how());
              if (built.contains(direct.manifest())) {
                how.add(How.BASE);
              }
              return new Direct(direct.manifest(), how, direct.candidate(), direct.listed());
            })
        .toList();
  }

  private Optional<Base> base() {
    return documents
        .find(handle, digest)
        .map(document -> layers(digest, document))
        .filter(layers -> !layers.isEmpty())
        .map(layers -> new Base(layers, rarest(layers)));
  }

  /** The layers of a container's file system, from the lowest; none of anything else. */
  private static List<Digest> layers(Digest digest, byte[] document) {
    Manifest manifest = ManifestDocuments.read(digest, document);
    return manifest.isContainerImage()
        ? manifest.layers().stream().map(Descriptor::digest).toList()
        : List.of();
  }

  private Digest rarest(List<Digest> layers) {
    return handle
        .createQuery(
            """
            SELECT layer.digest
            FROM unnest(:layers::bytea[]) WITH ORDINALITY AS layer (digest, number)
            CROSS JOIN LATERAL (
              SELECT count(*) AS users
              FROM (SELECT FROM exposure_reference r WHERE r.digest = layer.digest LIMIT :common) AS counted) AS known
            ORDER BY users, number DESC
            LIMIT 1
            """)
        .bind("layers", Values.digests(layers))
        .bind("common", COMMON)
        .mapTo(Digest.class)
        .one();
  }

  /** The indexes above an image, after one of them, as many as the page may take. */
  private Indexes indexes(Direct direct, Optional<Digest> after) {
    // What is about the digest does not bring it to anybody, and neither does what lists that.
    boolean has = direct.how().stream().anyMatch(how -> how != How.SUBJECT);
    if (!direct.listed() || !has) {
      return new Indexes(List.of(), false);
    }
    boolean[] more = new boolean[1];
    List<Digest> above =
        handle
            .createQuery(
                """
                WITH RECURSIVE above (digest) AS (
                  SELECT :image::bytea
                  UNION
                  SELECT lists.manifest
                  FROM above
                  CROSS JOIN LATERAL (
                    SELECT manifest FROM exposure_reference r
                    WHERE r.digest = above.digest AND r.%s
                    OFFSET 0) AS lists), -- So that it is looked up, whatever PostgreSQL believes.
                told AS MATERIALIZED (SELECT digest FROM above LIMIT :most)
                SELECT digest, (SELECT count(*) FROM told) = :most AS more
                FROM told
                WHERE digest <> :image AND digest > :after
                ORDER BY digest
                LIMIT :limit
                """
                    .formatted(ExposureView.LISTS))
            .bind("image", direct.manifest())
            .bind("most", MOST_INDEXES)
            .bind("after", Values.bytesOrNone(after))
            .bind("limit", limit + 1)
            .map(
                (row, _) -> {
                  more[0] = row.getBoolean("more");
                  return Values.digest(row, "digest");
                })
            .list();
    return new Indexes(above, more[0]);
  }

  private List<Exposed> describe() {
    Map<Digest, Exposed> described = new HashMap<>();
    handle
        .createQuery(
            """
            SELECT wanted.digest, d.media_type, octet_length(d.bytes) AS size
            FROM unnest(:digests::bytea[]) AS wanted (digest)
            CROSS JOIN LATERAL (
              SELECT media_type, bytes FROM manifest_document d WHERE d.digest = wanted.digest LIMIT 1) AS d
            """)
        .bind("digests", Values.digests(found.stream().map(Exposed::digest).distinct().toList()))
        .map(
            (row, _) ->
                new Exposed(
                    Values.digest(row, "digest"),
                    row.getString("media_type"),
                    row.getLong("size"),
                    Set.of(),
                    Optional.empty(),
                    false))
        .forEach(each -> described.put(each.digest(), each));
    return found.stream()
        .map(
            each -> {
              Exposed known = described.get(each.digest());
              return new Exposed(
                  each.digest(),
                  known.mediaType(),
                  known.size(),
                  each.how(),
                  each.via(),
                  each.moreIndexes());
            })
        .toList();
  }
}
