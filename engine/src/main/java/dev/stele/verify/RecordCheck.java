package dev.stele.verify;

import dev.stele.event.BlobProblem;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.projection.BlobView;
import java.util.Optional;

/**
 * Records what a check found of an object, unless that is recorded already or the log no longer has
 * the object. The result says whether it was recorded now.
 *
 * @param finding absent: the object is intact
 */
record RecordCheck(Initiator initiator, BlobView.Located object, Optional<Finding.OfObject> finding)
    implements Command<Boolean> {

  @Override
  public Boolean decide(Decision decision) {
    Optional<BlobView.Located> now =
        BlobView.stored(decision.handle(), object.digest(), object.store());
    Optional<BlobProblem> problem = finding.map(Finding.OfObject::problem);
    if (now.isEmpty()
        || !now.get().objectKey().equals(object.objectKey())
        || now.get().problem().equals(problem)) {
      return false;
    }
    decision.append(
        finding.isPresent()
            ? new Event.BlobCorruptionFound(
                object.store(),
                object.digest(),
                object.objectKey(),
                finding.get().problem(),
                finding.get().found())
            : new Event.BlobFoundIntact(object.store(), object.digest(), object.objectKey()),
        Cause.OBSERVATION);
    return true;
  }
}
