package dev.stele.registry;

import static dev.stele.registry.TestClient.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReservedNamesTest {

  @TempDir Path folder;

  @Test
  void nothingCreatesARepositoryThatStandsForThePast() throws Exception {
    try (RegistryFixture fixture = RegistryFixture.onDisk(folder)) {
      Registry registry = fixture.registry();
      RepositoryName past = RepositoryName.parse("at/20260303t140500z/team/app");
      byte[] index = TestManifest.index().bytes();
      Digest digest = Digest.of(Digest.Algorithm.SHA256, index);
      List<ThrowingCallable> ways =
          List.of(
              () -> registry.initialise(ALICE, past),
              () -> registry.uploads().begin(past, Digest.Algorithm.SHA256),
              () -> registry.mount(ALICE, past, digest, Optional.empty()),
              () ->
                  registry.putBlob(
                      ALICE,
                      past,
                      digest,
                      OptionalLong.of(index.length),
                      new ByteArrayInputStream(index)),
              () ->
                  registry.putManifest(
                      ALICE, past, Tag.parse("v1"), MediaTypes.OCI_INDEX, index, List.of()));
      for (ThrowingCallable way : ways) {
        assertThatThrownBy(way)
            .isInstanceOf(InvalidNameException.class)
            .hasMessageContaining("what team/app was")
            .hasMessageContaining("the past is read-only");
      }
      assertThat(registry.repositories(Optional.empty(), 10).items()).isEmpty();
      for (String name : List.of("at", "at/p5", "at/foo/app", "at/p5x/app", "x/at/p5/app")) {
        assertThat(registry.initialise(ALICE, RepositoryName.parse(name))).isTrue();
      }
    }
  }
}
