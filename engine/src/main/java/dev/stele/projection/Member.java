package dev.stele.projection;

import dev.stele.log.Fact;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.sql.Values;
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
}
