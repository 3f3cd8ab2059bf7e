package dev.stele.evidence;

import dev.stele.merkle.NoteKey;
import dev.stele.merkle.TrustPolicy;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;

/**
 * Whom somebody trusts who checks what a registry gave out.
 *
 * @param keys of the log; and of witnesses, each of which must have signed then, too
 * @param policy which checkpoints count
 * @param authorities to which the certificate of a time-stamp authority must lead
 */
public record Trust(
    List<NoteKey> keys, Optional<TrustPolicy> policy, List<X509Certificate> authorities) {
  /**
   * @throws IllegalArgumentException if there is neither a key nor a policy
   */
  public Trust {
    keys = List.copyOf(keys);
    authorities = List.copyOf(authorities);
    if (keys.isEmpty() && policy.isEmpty()) {
      throw new IllegalArgumentException("nothing can be checked without keys of the log");
    }
  }

  /** In these keys alone. */
  public static Trust in(List<NoteKey> keys) {
    return new Trust(keys, Optional.empty(), List.of());
  }
}
