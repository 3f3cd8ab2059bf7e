package dev.stele.blob;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileFailureTest {
  @TempDir private Path folder;

  @Test
  void whoMayNotUseAFileIsToldWhoseItIs() throws Exception {
    String owner = Files.getOwner(folder).getName();
    Path file = Files.createFile(folder.resolve("file"));
    assertThat(FileFailure.denied(file, "alice"))
        .isEqualTo(
            "the user alice may not use %s: %s belongs to %s; run this as %s, or have %s give alice access"
                .formatted(file, file, owner, owner, owner));
    assertThat(FileFailure.denied(folder.resolve("none/lock"), "alice"))
        .as("what is not there belongs to whoever has the folder")
        .isEqualTo(
            "the user alice may not use %s/none/lock: %s belongs to %s; run this as %s, or have %s give alice access"
                .formatted(folder, folder, owner, owner, owner));
  }

  @Test
  void anOwnerIsPointedToThePermissions() throws Exception {
    String owner = Files.getOwner(folder).getName();
    assertThat(FileFailure.denied(folder, owner))
        .isEqualTo(
            "the user %s may not use %s: see the permissions of %s"
                .formatted(owner, folder, folder));
    assertThat(FileFailure.reason(new AccessDeniedException(folder.toString())))
        .contains("may not use " + folder);
  }
}
