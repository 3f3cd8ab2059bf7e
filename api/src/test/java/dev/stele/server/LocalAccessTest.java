package dev.stele.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.server.auth.LocalCredential;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The file by which commands find the server of a data folder. */
class LocalAccessTest {
  private final LocalAccess access =
      new LocalAccess(URI.create("http://127.0.0.1:5000"), LocalCredential.random(false));

  @TempDir private Path data;

  @Test
  void itIsThereWhileTheServerRunsAndForItsOwnerAlone() throws Exception {
    assertThat(LocalAccess.find(data)).isEmpty();
    assertThat(LocalAccess.find(data.resolve("nowhere"))).isEmpty();
    try (AutoCloseable _ = access.publish(data)) {
      assertThat(LocalAccess.find(data)).contains(access);
      assertThat(
              PosixFilePermissions.toString(Files.getPosixFilePermissions(LocalAccess.file(data))))
          .isEqualTo("rw-------");
      assertThat(access.credential().token()).hasSizeGreaterThan(42);
    }
    assertThat(data).isEmptyDirectory();
  }

  @Test
  void aLinkInItsPlaceIsReplacedAndNeverFollowed() throws Exception {
    Path target = Files.writeString(data.resolve("target"), "kept");
    Files.createSymbolicLink(LocalAccess.file(data), target);
    assertThatThrownBy(() -> LocalAccess.find(data))
        .isInstanceOf(StartupException.class)
        .hasMessageContaining("is no file of its own but a link");
    AutoCloseable _ = access.publish(data);
    assertThat(target).hasContent("kept");
    assertThat(LocalAccess.file(data)).isRegularFile();
    assertThat(Files.isSymbolicLink(LocalAccess.file(data))).isFalse();
    assertThat(LocalAccess.find(data)).contains(access);
  }

  @Test
  void oneThatOthersMayUseIsRefused() throws Exception {
    for (String mode : new String[] {"rw-r-----", "rw----r--", "rw--w----"}) {
      AutoCloseable _ = access.publish(data);
      Files.setPosixFilePermissions(LocalAccess.file(data), PosixFilePermissions.fromString(mode));
      assertThatThrownBy(() -> LocalAccess.find(data))
          .as(mode)
          .isInstanceOf(StartupException.class)
          .hasMessageContaining("may be used by others");
    }
  }

  @Test
  void whatAServerLeftThatWasKilledCountsForNothing() throws Exception {
    AutoCloseable _ = access.publish(data);
    ObjectMapper json = new ObjectMapper();
    Path file = LocalAccess.file(data);
    ObjectNode content = (ObjectNode) json.readTree(file.toFile());
    Process ended = new ProcessBuilder("true").start();
    ended.waitFor();
    Files.write(file, json.writeValueAsBytes(content.deepCopy().put("pid", ended.pid())));
    assertThat(LocalAccess.find(data)).isEmpty();
    // Another process of the same number.
    Files.write(
        file, json.writeValueAsBytes(content.deepCopy().put("started", "2020-01-01T00:00:00Z")));
    assertThat(LocalAccess.find(data)).isEmpty();
  }

  @Test
  void theCredentialCountsOverLoopbackAlone() {
    LocalCredential credential = access.credential();
    String header = credential.authorization();
    assertThat(credential.accepts(header, "127.0.0.1")).isTrue();
    assertThat(credential.accepts(header, "::1")).isTrue();
    assertThat(credential.accepts(header, "0:0:0:0:0:0:0:1")).isTrue();
    assertThat(credential.accepts(header, "192.0.2.1")).isFalse();
    assertThat(credential.accepts(header, "2001:db8::1")).isFalse();
    assertThat(credential.accepts(header + "x", "127.0.0.1")).isFalse();
    assertThat(credential.accepts(header.substring(0, header.length() - 1), "127.0.0.1")).isFalse();
    assertThat(credential.accepts("Basic " + credential.token(), "127.0.0.1")).isFalse();
    assertThat(credential.accepts("Bearer ", "127.0.0.1")).isFalse();
    assertThat(credential).hasToString("LocalCredential");
    assertThat(access.toString()).doesNotContain(credential.token());
  }
}
