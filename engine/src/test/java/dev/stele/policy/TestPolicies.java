package dev.stele.policy;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.time.Duration;
import java.util.List;

/** Retention policies for every repository. */
public final class TestPolicies {
  /** Every tag stays; what has none goes. */
  public static final RetentionPolicy DELETING_UNTAGGED = everyTag(true, true);

  private TestPolicies() {}

  /** Keeps every tag. */
  public static RetentionPolicy everyTag(boolean deleteUntagged, boolean deleteReferrers) {
    return new RetentionPolicy(
        Duration.ZERO,
        false,
        List.of(
            new RetentionPolicy.Policy(
                List.of(RepositoryGlob.parse("**")),
                new RetentionPolicy.Rules(deleteUntagged, deleteReferrers, List.of()))));
  }

  /** A policy as it is written. */
  public static RetentionPolicy read(String json) {
    try {
      return PolicyDocument.read(json.getBytes(UTF_8));
    } catch (InvalidPolicyException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Of these entries of keep-tags.
   *
   * @param entries as they are written, with commas between them
   */
  public static RetentionPolicy keeping(String entries, boolean dryRun) {
    return read(
        "{\"dry-run\":%b,\"policies\":[{\"repositories\":[\"**\"],\"keep-tags\":[%s]}]}"
            .formatted(dryRun, entries));
  }
}
