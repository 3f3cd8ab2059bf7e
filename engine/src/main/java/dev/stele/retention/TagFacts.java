package dev.stele.retention;

import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import java.util.Optional;

/**
 * What retention goes by: a tag as of some position.
 *
 * @param put when the tag was last put, moved or not
 * @param pulled when last the tag, or what it points to by whatever tag or none, was pulled:
 *     clients often ask for the tag by HEAD and then pull by digest
 */
record TagFacts(Tag tag, Digest digest, Occurrence put, Optional<Occurrence> pulled) {}
