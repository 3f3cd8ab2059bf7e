package dev.stele.history;

import dev.stele.oci.Digest;
import dev.stele.oci.Tag;

/** A tag at a moment: what it pointed to, and since when. */
public record PastTag(Tag tag, Digest digest, Since since) {}
