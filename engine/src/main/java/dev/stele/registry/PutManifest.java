package dev.stele.registry;

import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import java.util.List;
import java.util.Optional;

/**
 * An accepted manifest: its digest, the subject that it refers to, and the tags that now point to
 * it.
 */
public record PutManifest(Digest digest, Optional<Digest> subject, List<Tag> tags) {}
