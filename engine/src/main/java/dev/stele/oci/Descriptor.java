package dev.stele.oci;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * An OCI content descriptor: what a manifest says of the content it refers to. {@code size} is in
 * bytes.
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Descriptor(
    String mediaType,
    Digest digest,
    long size,
    Optional<String> artifactType,
    Map<String, String> annotations) {
  public Descriptor {
    annotations = copyOf(annotations);
  }

  /**
   * A copy that nobody changes, of names that a client chose. {@link Map#copyOf} looks names up in
   * a time that is quadratic when many of them have one hash.
   */
  static Map<String, String> copyOf(Map<String, String> annotations) {
    return Collections.unmodifiableMap(new HashMap<>(annotations));
  }
}
