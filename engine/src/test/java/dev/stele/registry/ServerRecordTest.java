package dev.stele.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerRecordTest {
  private static final Caller OPERATOR = new Caller("cli:root", "r");
  private static final byte[] RECORDING = "{\"accesses.record\":\"true\"}".getBytes(UTF_8);
  private static final byte[] SILENT = "{\"accesses.record\":\"false\"}".getBytes(UTF_8);

  @TempDir Path folder;
  private RegistryFixture fixture;
  private ServerRecord servers;

  @BeforeEach
  void open() throws IOException {
    fixture = RegistryFixture.onDisk(folder);
    servers = fixture.registry().server();
  }

  @AfterEach
  void close() {
    fixture.assertViewsEqualAReplay();
    fixture.close();
  }

  /** Starts a server and says what its event says of what was before. */
  private String start(String node, byte[] configuration) {
    return before(servers.started(OPERATOR, node, "1", configuration));
  }

  private String before(long position) {
    EventEntry event = fixture.registry().log().event(position).orElseThrow();
    return "%s %s"
        .formatted(
            event.data().path("previous").asText("-"), event.data().path("killed").asText("-"));
  }

  private static String digest(byte[] configuration) {
    return Digest.of(Digest.Algorithm.SHA256, configuration).toString();
  }

  @Test
  void aStartSaysWhatWasInForceBefore() {
    assertThat(start("a:5000", RECORDING)).isEqualTo("- false");
    servers.stopped(OPERATOR, "a:5000");
    assertThat(start("a:5000", RECORDING)).isEqualTo("- false");
    servers.stopped(OPERATOR, "a:5000");
    assertThat(start("a:5000", SILENT)).isEqualTo(digest(RECORDING) + " false");
    assertThat(before(servers.changed(OPERATOR, "a:5000", RECORDING)))
        .isEqualTo(digest(SILENT) + " -");
    servers.stopped(OPERATOR, "a:5000");
    assertThat(start("a:5000", RECORDING)).isEqualTo("- false");
  }

  @Test
  void aNewNodeIsComparedWithWhicheverToldItsOwnLast() {
    assertThat(start("a:5000", RECORDING)).isEqualTo("- false");
    assertThat(start("b:5000", SILENT)).isEqualTo(digest(RECORDING) + " false");
    assertThat(start("c:5000", SILENT)).isEqualTo("- false");
    assertThat(start("a:5000", RECORDING)).isEqualTo("- true");
  }

  @Test
  void whoeverStartsAfterOneThatWasKilledSaysSo() {
    assertThat(start("a:5000", RECORDING)).isEqualTo("- false");
    assertThat(start("a:5000", RECORDING)).isEqualTo("- true");
    servers.stopped(OPERATOR, "a:5000");
    assertThat(start("a:5000", RECORDING)).isEqualTo("- false");
  }

  @Test
  void theDigestBeforeIsFoundAmongTheEvents() {
    start("a:5000", RECORDING);
    start("a:5000", SILENT);
    assertThat(
            fixture
                .registry()
                .log()
                .events(
                    -1,
                    10,
                    EventFilter.ALL.ofDigest(Digest.of(Digest.Algorithm.SHA256, RECORDING))))
        .extracting(EventEntry::position)
        .containsExactly(0L, 1L);
  }
}
