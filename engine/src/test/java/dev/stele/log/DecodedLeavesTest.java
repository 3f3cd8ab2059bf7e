package dev.stele.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.event.ActorId;
import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.RepositoryName;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class DecodedLeavesTest {
  private final EventCodec codec = new EventCodec();
  private final DecodedLeaves decoded = new DecodedLeaves(codec);

  private LogReader.Leaf leaf(long position, String repository) {
    return new LogReader.Leaf(
        position,
        codec.encode(
            new RecordedEvent(
                position,
                Instant.EPOCH,
                new ActorId(new UUID(0, 1)),
                Cause.CLIENT_REQUEST,
                "r",
                new UUID(0, 2),
                new Event.RepositoryCreated(RepositoryName.parse(repository)))));
  }

  @Test
  void theSameBytesAreDecodedOnce() {
    LogReader.Leaf leaf = leaf(7, "team/app");
    RecordedEvent event = decoded.decode(leaf);
    assertThat(event.event())
        .isEqualTo(new Event.RepositoryCreated(RepositoryName.parse("team/app")));
    assertThat(decoded.decode(new LogReader.Leaf(7, leaf.bytes().clone()))).isSameAs(event);
  }

  /** As when somebody changed the log behind our back, or it was set back. */
  @Test
  void otherBytesAtTheSamePositionAreWhatTheySay() {
    decoded.decode(leaf(7, "team/app"));
    assertThat(decoded.decode(leaf(7, "team/other")).event())
        .isEqualTo(new Event.RepositoryCreated(RepositoryName.parse("team/other")));
    byte[] damaged = leaf(7, "team/other").bytes();
    damaged[damaged.length - 1] ^= 1;
    assertThatThrownBy(() -> decoded.decode(new LogReader.Leaf(7, damaged)))
        .isInstanceOf(RuntimeException.class);
  }
}
