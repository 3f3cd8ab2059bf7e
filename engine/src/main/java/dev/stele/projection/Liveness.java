package dev.stele.projection;

import dev.stele.oci.Digest;
import java.util.Collection;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What keeps what alive within a repository, stated once. Roots are manifests that have a tag,
 * those that the retention policy keeps without one, and whatever is held. A manifest keeps
 * everything that it {@linkplain dev.stele.oci.Manifest#listed lists}, be that a manifest, a blob
 * or both; a subject its referrers. An edge counts while its parent is there, whatever its child
 * is. What an upload brings belongs to no repository before it is finished, so an open one is no
 * root here: its session and its bytes are left alone where sessions and bytes are cleared.
 */
public final class Liveness {
  /** Why a manifest keeps something alive. The names are in the database, in lower case. */
  public enum Kind {
    /** The parent lists the child. */
    LISTS,
    /** The parent is the child's subject. */
    SUBJECT;

    public static Kind ofColumn(String column) {
      return valueOf(column.toUpperCase(Locale.ROOT));
    }

    String column() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A manifest keeps something alive. */
  public record Edge(Digest parent, Digest child, Kind kind) {}

  private Liveness() {}

  /** The edges that a manifest brings along. */
  static Stream<Edge> edges(Digest manifest, Optional<Digest> subject, Collection<Digest> lists) {
    return Stream.concat(
        lists.stream().map(child -> new Edge(manifest, child, Kind.LISTS)),
        subject.stream().map(parent -> new Edge(parent, manifest, Kind.SUBJECT)));
  }

  /**
   * SQL: edges {@code e} whose parents are there. Each is looked up by its key, and {@code OFFSET
   * 0} keeps the planner from a join over the whole repository.
   *
   * @param manifests the table that says which are
   */
  public static String presentEdges(String manifests) {
    return edges(manifests, "");
  }

  /** SQL: edges {@code e} whose parents are reached. */
  static String reachedEdges() {
    return edges("reach_manifest", " AND reached");
  }

  private static String edges(String manifests, String condition) {
    return """
    reach_edge e
    CROSS JOIN LATERAL (
      SELECT FROM %s
      WHERE repository = e.repository AND digest = e.parent%s OFFSET 0) AS parent
    """
        .formatted(manifests, condition);
  }

  /** SQL: whether a row of a manifest is a root. */
  static String root(String row) {
    return "(%1$s.tags > 0 OR %1$s.keeps_itself OR %1$s.held)".formatted(row);
  }

  /** SQL: whether the policy keeps a manifest without a tag, as {@link Keeping} says. */
  static String keepsItself(String untagged, String referrers) {
    return "CASE WHEN referrer THEN %s ELSE %s END".formatted(referrers, untagged);
  }

  /** SQL: whether a hold covers the row of that digest, or the whole repository. */
  static String held(String repository, String digest) {
    return "EXISTS (SELECT FROM reach_held h WHERE h.repository = %s AND h.digest = ANY (ARRAY['', %s]))"
        .formatted(repository, digest);
  }
}
