package dev.stele.registry;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.policy.AccessPolicy;
import dev.stele.projection.AccessView;
import dev.stele.projection.RecordDocuments;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Records that an access policy is in force, unless it was the last that did so. Where none ever
 * was, there is no need to say that there is none. The result is whether anything changed.
 */
record AdoptAccessPolicy(Initiator initiator, boolean present, RecordDocuments.Document document)
    implements Command<Boolean> {
  AdoptAccessPolicy(Initiator initiator, AccessPolicy policy) {
    this(
        initiator,
        policy.isPresent(),
        new RecordDocuments.Document(AccessPolicy.MEDIA_TYPE, policy.document()));
  }

  @Override
  public long weight() {
    return document.bytes().length;
  }

  @Override
  public Boolean decide(Decision decision) {
    if (isInForce(decision.handle())) {
      return false;
    }
    Digest digest = RecordDocuments.add(decision.handle(), document);
    decision.append(new Event.AccessPolicyAdopted(digest), Cause.CONFIGURATION);
    return true;
  }

  /** Whether nothing needs to be recorded. */
  boolean isInForce(Handle handle) {
    Optional<Digest> last = AccessView.adopted(handle);
    return last.map(document.digest()::equals).orElse(!present);
  }
}
