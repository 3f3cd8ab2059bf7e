package dev.stele.policy;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * A retention policy: what repositories keep. A repository follows the first of the policies that
 * has a glob for its name; one that none of them matches keeps everything. {@link PolicyDocument}
 * is its form in the record and in the configuration. Immutable.
 *
 * @param delay how long untagged manifests and referrers stay before they may go, should that be
 *     longer than the grace period
 * @param dryRun whether what would be removed is only recorded
 * @param reason why, in the words of whoever wrote it: what follows from the policy says so in the
 *     record
 */
public record RetentionPolicy(
    Duration delay, boolean dryRun, List<Policy> policies, Optional<String> reason) {
  private static final int LONGEST_REASON = Reason.LONGEST;

  /** The delay of a policy that does not say: the grace period alone counts. */
  public static final Duration DEFAULT_DELAY = Duration.ZERO;

  /** Keeps everything. */
  public static final RetentionPolicy NONE = new RetentionPolicy(DEFAULT_DELAY, false, List.of());

  public RetentionPolicy {
    policies = List.copyOf(policies);
    reason.ifPresent(RetentionPolicy::checkReason);
  }

  /** A policy without a reason. */
  public RetentionPolicy(Duration delay, boolean dryRun, List<Policy> policies) {
    this(delay, dryRun, policies, Optional.empty());
  }

  /**
   * Returns a text that may be the reason of a policy on record; one that is configured now is held
   * to {@link Reason#checkLine}, too.
   *
   * @throws IllegalArgumentException if it is none, whose message continues what it is called
   */
  public static String checkReason(String text) {
    if (text.isBlank()
        || text.length() > LONGEST_REASON
        || text.codePoints()
            .anyMatch(
                c -> Character.isISOControl(c) || Character.getType(c) == Character.SURROGATE)) {
      throw new IllegalArgumentException(
          "must be a text of one line and at most " + LONGEST_REASON + " characters");
    }
    return text;
  }

  /** What the repositories of some globs keep. */
  public record Policy(List<RepositoryGlob> repositories, Rules rules) {
    public Policy {
      repositories = List.copyOf(repositories);
    }
  }

  /**
   * What a repository keeps.
   *
   * @param deleteUntagged whether a manifest goes that no tag, index or subject holds
   * @param deleteReferrers whether a referrer goes whose subject is not there
   * @param keepTags a tag belongs to the first entry that matches it; a tag that none matches is
   *     removed. Without entries every tag stays
   */
  public record Rules(boolean deleteUntagged, boolean deleteReferrers, List<KeepTags> keepTags) {
    public Rules {
      keepTags = List.copyOf(keepTags);
    }

    /**
     * Whether a manifest stays to which no tag and nothing else leads; of a referrer, one whose
     * subject is missing.
     *
     * @param referrer whether it has a subject
     */
    public boolean keepsUntagged(boolean referrer) {
      return referrer ? !deleteReferrers : !deleteUntagged;
    }
  }

  /** The rules that a repository follows; empty if it keeps everything. */
  public Optional<Rules> of(RepositoryName repository) {
    return policies.stream()
        .filter(policy -> policy.repositories().stream().anyMatch(glob -> glob.matches(repository)))
        .findFirst()
        .map(Policy::rules);
  }

  /**
   * Whether a manifest of that repository stays without a tag: the rules say so, or the policy is a
   * dry run.
   *
   * @param referrer whether it has a subject
   */
  public boolean keepsUntagged(RepositoryName repository, boolean referrer) {
    return dryRun || of(repository).map(rules -> rules.keepsUntagged(referrer)).orElse(true);
  }

  /** The digest of its document, by which the log names it. */
  public Digest digest() {
    return Digest.of(Digest.Algorithm.SHA256, PolicyDocument.write(this));
  }
}
