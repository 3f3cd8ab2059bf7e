package dev.stele.registry;

import dev.stele.event.Event;
import dev.stele.event.Initiator;
import dev.stele.log.Command;
import dev.stele.oci.Digest;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;

/** Begins a session of whoever asks; the result is when it expires. */
record BeginSession(
    Initiator initiator, String id, Digest hash, List<String> groups, Duration lifetime)
    implements Command<Instant> {

  @Override
  public Instant decide(Decision decision) {
    Instant expires = decision.now().plus(lifetime).truncatedTo(ChronoUnit.SECONDS);
    decision.append(new Event.SessionBegan(id, hash, groups, expires));
    return expires;
  }
}
