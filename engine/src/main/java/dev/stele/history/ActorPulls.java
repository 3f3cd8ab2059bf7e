package dev.stele.history;

import dev.stele.event.ActorId;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.time.Instant;
import java.util.Optional;

/**
 * How often somebody pulled a manifest from a repository.
 *
 * @param tag by which; absent: by digest
 * @param actor the actor's name; empty if that person was forgotten
 * @param first when the first of them was
 * @param last when the last of them was
 * @param lastBlob when that actor last asked the repository for a blob, if it was not before the
 *     first; of whatever manifest, so that none is missed. Absent: all that was taken is the
 *     manifest
 */
public record ActorPulls(
    RepositoryName repository,
    Optional<Tag> tag,
    ActorId actorId,
    Optional<String> actor,
    long count,
    Instant first,
    Instant last,
    Optional<Instant> lastBlob) {}
