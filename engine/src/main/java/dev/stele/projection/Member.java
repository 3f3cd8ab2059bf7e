package dev.stele.projection;

import dev.stele.log.Fact;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Unnested;
import dev.stele.sql.Values;
import java.util.Collection;
import java.util.List;

/** Something of a repository, such as a tag or a digest. */
public record Member<T>(RepositoryName repository, T item) {
  /** Asks about digests of repositories. */
  static final Fact.Key<Member<Digest>> DIGEST =
      new Fact.Key<>(
          List.of(Member::repository, Member::item),
          row -> new Member<>(RepositoryName.parse(row.getString(1)), Values.digest(row, 2)));

  /** Asks about tags of repositories. */
  static final Fact.Key<Member<Tag>> TAG =
      new Fact.Key<>(
          List.of(Member::repository, Member::item),
          row -> new Member<>(RepositoryName.parse(row.getString(1)), Tag.parse(row.getString(2))));

  /** Digests of repositories as {@code :repositories::text[]} and {@code :digests::bytea[]}. */
  static Unnested<Member<Digest>> unnested(Collection<Member<Digest>> members) {
    return new Unnested<>(members)
        .text("repositories", Member::repository)
        .digests("digests", Member::item);
  }

  /** Deletes rows from a table that has digests of repositories. */
  static void delete(Pipeline transaction, String table, Collection<Member<Digest>> rows) {
    unnested(rows)
        .execute(
            transaction,
            """
            DELETE FROM %s t
            USING unnest(:repositories::text[], :digests::bytea[]) AS gone (repository, digest)
            WHERE t.repository = gone.repository AND t.digest = gone.digest
            """
                .formatted(table));
  }
}
