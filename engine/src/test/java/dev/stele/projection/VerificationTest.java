package dev.stele.projection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.DiskBlobStore;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.Caller;
import dev.stele.registry.RegistryFixture;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A check that cannot fail is none: every kind of difference must be found. */
class VerificationTest {
  @TempDir Path folder;

  @Test
  void findsRowsThatAreMissingUnexpectedOrChanged() throws Exception {
    try (RegistryFixture fixture = new RegistryFixture(new DiskBlobStore(folder))) {
      for (String name : new String[] {"a", "b", "c"}) {
        byte[] content = {1};
        fixture
            .registry()
            .putBlob(
                new Caller("alice", "r"),
                RepositoryName.parse(name),
                Digest.of(Digest.Algorithm.SHA256, content),
                OptionalLong.of(1),
                new ByteArrayInputStream(content));
      }
      assertThat(fixture.registry().verifyProjections().equal()).isTrue();
      assertThat(fixture.registry().verifyProjections().events()).isEqualTo(6);
      try (Connection owner = fixture.testDatabase().connect();
          Statement statement = owner.createStatement()) {
        statement.execute("DELETE FROM repository WHERE name = 'a'");
        statement.execute("UPDATE blob_object SET size = 2");
        statement.execute("INSERT INTO blob_link VALUES ('d', 'sha256:x', 9)");
      }
      Verification.Report report = fixture.registry().verifyProjections();
      assertThat(report.equal()).isFalse();
      assertThat(report.results())
          .contains(
              new Verification.Result("repository", "repository", 3, 1, 0),
              new Verification.Result("blob", "blob_object", 1, 1, 1),
              new Verification.Result("blob", "blob_link", 3, 0, 1));
    }
  }
}
