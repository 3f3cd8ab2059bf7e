package dev.stele.restore;

import dev.stele.log.Moment;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import java.util.Optional;

/**
 * What is to come back.
 *
 * @param at as it was at this moment
 * @param what a tag with what it pointed to, or a manifest by its digest, without tags; absent for
 *     all tags and manifests that the repository had. What was put since stays
 * @param available whether to restore what can be when something cannot, instead of nothing
 */
public record RestoreRequest(
    RepositoryName repository, Moment at, Optional<Reference> what, boolean available) {}
