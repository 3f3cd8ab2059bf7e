package dev.stele.retention;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import dev.stele.policy.PolicyDocument;
import dev.stele.policy.RetentionPolicy;
import dev.stele.projection.RecordDocuments;
import dev.stele.projection.RetentionView;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Puts a policy in force, unless it is so already. Where none ever was, there is no need to say
 * that everything is kept. The result is whether anything changed.
 */
record AdoptPolicy(Initiator initiator, RetentionPolicy policy, byte[] document)
    implements Command<Boolean> {

  AdoptPolicy(Initiator initiator, RetentionPolicy policy) {
    this(initiator, policy, PolicyDocument.write(policy));
  }

  @Override
  public long weight() {
    return document.length;
  }

  @Override
  public Boolean decide(Decision decision) {
    if (isInForce(decision.handle())) {
      return false;
    }
    Digest digest = RecordDocuments.add(decision.handle(), kept());
    decision.append(new Event.RetentionPolicyAdopted(digest), Cause.CONFIGURATION);
    return true;
  }

  /** Whether nothing needs to be adopted. */
  boolean isInForce(Handle handle) {
    Optional<Digest> inForce = RetentionView.inForce(handle);
    return inForce.isEmpty() ? policy.policies().isEmpty() : inForce.get().equals(kept().digest());
  }

  private RecordDocuments.Document kept() {
    return new RecordDocuments.Document(PolicyDocument.MEDIA_TYPE, document);
  }
}
