package dev.stele.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.DiskBlobStore;
import dev.stele.event.EventCodec;
import dev.stele.gc.Promises;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.ManifestView;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** For how long an answer serves that came with a promise; what changes it is told with tags. */
class CurrentContentsTest {
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final Digest DIGEST = Digest.of(Digest.Algorithm.SHA256, new byte[] {1});
  private static final Content PRESENT =
      new Content(
          Optional.empty(), Optional.of(new ManifestView.Present(DIGEST, "type", 1)), false, true);
  private static final Content ABSENT =
      new Content(Optional.empty(), Optional.empty(), false, true);

  private final AtomicInteger asked = new AtomicInteger();

  @TempDir private Path folder;
  private DiskBlobStore store;
  private RegistryFixture node;
  private RecentChanges log;

  @BeforeEach
  void open() throws IOException {
    store = new DiskBlobStore(folder);
    node = new RegistryFixture(store);
    boolean _ = node.registry().initialise(new Caller("alice", "r"), APP);
    log = new RecentChanges(node.database()::openDedicated, new EventCodec());
  }

  @AfterEach
  void close() throws IOException {
    log.close();
    node.close();
    store.close();
  }

  private CurrentContents contents(Duration renewal) {
    return new CurrentContents(log, new Promises(node.database().jdbi(), renewal));
  }

  private Content find(CurrentContents contents, Content answer) {
    return contents.find(
        APP,
        DIGEST,
        () -> {
          int unusedCount = asked.incrementAndGet();
          return answer;
        });
  }

  @Test
  void anAnswerServesForHalfOfWhatAPromiseDoes() throws InterruptedException {
    CurrentContents contents = contents(Duration.ofMillis(600));
    assertThat(contents.renewal()).isEqualTo(Duration.ofMillis(300));
    long started = System.nanoTime();
    assertThat(find(contents, PRESENT)).isEqualTo(PRESENT);
    assertThat(find(contents, ABSENT)).isEqualTo(PRESENT);
    assertThat(asked).hasValue(1);
    while (find(contents, ABSENT).present()) {
      Thread.sleep(5);
    }
    assertThat(System.nanoTime() - started).isGreaterThanOrEqualTo(300_000_000L);
  }

  @Test
  void whatIsNotThereIsAskedEachTime() {
    CurrentContents contents = contents(Duration.ofHours(1));
    assertThat(find(contents, ABSENT)).isEqualTo(ABSENT);
    assertThat(find(contents, PRESENT)).isEqualTo(PRESENT);
    assertThat(find(contents, ABSENT)).isEqualTo(PRESENT);
    assertThat(asked).hasValue(2);
  }

  @Test
  void whereNoPromiseServesAnotherEachIsAsked() {
    CurrentContents contents = contents(Duration.ZERO);
    assertThat(find(contents, PRESENT)).isEqualTo(PRESENT);
    assertThat(find(contents, ABSENT)).isEqualTo(ABSENT);
  }
}
