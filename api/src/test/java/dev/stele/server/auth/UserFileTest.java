package dev.stele.server.auth;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Base64;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UserFileTest {
  @TempDir private Path folder;

  private static Optional<String> signIn(Path file, String user, String password)
      throws IOException {
    String both = Base64.getEncoder().encodeToString((user + ":" + password).getBytes(UTF_8));
    return AuthenticatorTest.name(
        AuthenticatorTest.open(file), Optional.of("Basic " + both), "127.0.0.1");
  }

  @Test
  void whoIsAddedCanSignInUntilTheyAreRemoved() throws Exception {
    Path file = folder.resolve("users");
    UserFile users = new UserFile(file);
    users.add("mary", "first password");
    users.add("j\u00fcrgen", "gr\u00fcn und gelb");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(users.names()).containsExactly("mary", "j\u00fcrgen");
    assertThat(signIn(file, "mary", "first password")).contains("mary");
    assertThat(signIn(file, "j\u00fcrgen", "gr\u00fcn und gelb")).contains("j\u00fcrgen");

    users.change("mary", "second password");
    assertThat(signIn(file, "mary", "first password")).isEmpty();
    assertThat(signIn(file, "mary", "second password")).contains("mary");

    users.remove("mary");
    assertThat(users.names()).containsExactly("j\u00fcrgen");
    assertThat(signIn(file, "mary", "second password")).isEmpty();
    assertThat(folder).isDirectoryContaining(file::equals);
    try (var files = Files.list(folder)) {
      assertThat(files).containsExactlyInAnyOrder(file, folder.resolve("users.lock"));
    }
  }

  @Test
  void whatElseIsThereStays() throws Exception {
    Path file = Files.writeString(folder.resolve("users"), "# ours\n\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));
    new UserFile(file).add("mary", "first password");
    assertThat(Files.readString(file)).startsWith("# ours\n\nmary:$2b$");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-r-----");
  }

  @Test
  void whatIsWrongChangesNothing() throws Exception {
    Path file = folder.resolve("users");
    UserFile users = new UserFile(file);
    users.add("mary", "first password");
    String before = Files.readString(file);
    assertThatThrownBy(() -> users.add("mary", "first password")).hasMessageContaining("already");
    assertThatThrownBy(() -> users.change("joe", "first password")).hasMessageContaining("no user");
    assertThatThrownBy(() -> users.remove("joe")).hasMessageContaining("no user");
    assertThatThrownBy(() -> users.add("a:b", "first password")).hasMessageContaining("colon");
    assertThatThrownBy(() -> users.add("#a", "first password")).hasMessageContaining("colon");
    assertThatThrownBy(() -> users.add("joe", "short")).hasMessageContaining("8 characters");
    assertThatThrownBy(() -> users.add("joe", "x".repeat(73))).hasMessageContaining("72 bytes");
    assertThat(Files.readString(file)).isEqualTo(before);

    Files.writeString(file, before + "joe:plain\n");
    assertThatThrownBy(() -> users.remove("mary")).hasMessageContaining("line 2");
  }
}
