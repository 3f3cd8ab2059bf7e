package dev.stele.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code stele login} keeps. */
class LoginTest {
  private static final Login ANN = new Login("https://registry.example.com", "ann", "secret");

  @TempDir private Path folder;

  @Test
  void itIsKeptForItsOwnerAlone() throws IOException {
    Path file = folder.resolve("stele").resolve("login.json");
    assertThat(Login.load(file)).isEmpty();
    ANN.save(file);
    ANN.save(file);
    assertThat(Login.load(file)).contains(ANN);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file.getParent())))
        .isEqualTo("rwx------");
    try (var files = Files.list(file.getParent())) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void oneThatOthersCanReadIsRefused() throws IOException {
    Path file = folder.resolve("login.json");
    ANN.save(file);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> Login.load(file))
        .hasMessageContaining("others may use " + file)
        .hasMessageContaining("chmod 600")
        .hasMessageNotContaining("secret");
  }

  @Test
  void thePasswordIsNotShown() {
    assertThat(ANN).hasToString("ann at https://registry.example.com");
  }
}
