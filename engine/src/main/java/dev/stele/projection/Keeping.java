package dev.stele.projection;

import dev.stele.oci.RepositoryName;
import dev.stele.policy.RetentionPolicy;
import org.jdbi.v3.core.Handle;

/**
 * Which manifests of a repository the retention policy keeps without a tag: those with a subject or
 * those without.
 */
record Keeping(boolean untagged, boolean referrers) {
  /** What a policy keeps. */
  static Keeping of(RetentionPolicy policy, RepositoryName repository) {
    return new Keeping(
        policy.keepsUntagged(repository, false), policy.keepsUntagged(repository, true));
  }

  /** What the policy keeps that the view has seen last. */
  static Keeping read(Handle transaction, RepositoryName repository) {
    return transaction
        .createQuery(
            "SELECT keep_untagged, keep_referrers FROM reach_repository WHERE name = :name")
        .bind("name", repository)
        .map((row, _) -> new Keeping(row.getBoolean(1), row.getBoolean(2)))
        .one();
  }

  /** Whether no manifest needs a tag. */
  boolean all() {
    return untagged && referrers;
  }
}
