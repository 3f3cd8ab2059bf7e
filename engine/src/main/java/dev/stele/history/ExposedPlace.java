package dev.stele.history;

import dev.stele.oci.RepositoryName;
import java.util.Optional;

/**
 * A period during which a repository had a manifest.
 *
 * @param from the event with which it began
 * @param until the event with which it ended; absent while the repository has it
 * @param endedBy {@code deleted} or {@code collected}
 */
public record ExposedPlace(
    RepositoryName repository, Since from, Optional<Since> until, Optional<String> endedBy) {}
