package dev.stele.retention;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.util.Optional;

/**
 * Why a tag stays or goes, or why it went.
 *
 * @param asOf what follows is decided from the events below that position, at that time; of a tag
 *     that retention removed, those of the evaluation that did
 * @param put when it was last put; empty for a tag that a client removed
 * @param pulled when it, or what it points to, was last pulled, where known
 * @param policy the digest of the policy that decides; empty if none says anything about it
 * @param verdict what the policy decides or decided
 * @param pushedRank its place among the tags of its entry, last put first, from 1
 * @param pulledRank likewise, last pulled first
 * @param removed how it went, if it is not there
 */
public record Explanation(
    RepositoryName repository,
    Tag tag,
    Digest digest,
    Occurrence asOf,
    Optional<Occurrence> put,
    Optional<Occurrence> pulled,
    Optional<Digest> policy,
    Optional<Verdict> verdict,
    Optional<Integer> pushedRank,
    Optional<Integer> pulledRank,
    Optional<Fate.Removed> removed) {}
