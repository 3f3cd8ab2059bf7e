package dev.stele.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.blob.DiskBlobStore;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.Caller;
import dev.stele.registry.Outcome;
import dev.stele.registry.RegistryFixture;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
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
        put(fixture, name);
      }
      assertThat(fixture.registry().upkeep().verifyProjections().equal()).isTrue();
      assertThat(fixture.registry().upkeep().verifyProjections().events()).isEqualTo(6);
      try (Connection owner = fixture.testDatabase().connect();
          Statement statement = owner.createStatement()) {
        statement.execute("DELETE FROM repository WHERE name = 'a'");
        statement.execute("UPDATE blob_object SET size = 2");
        statement.execute("INSERT INTO blob_link VALUES ('d', 'sha256:x', 9)");
      }
      Verification.Report report = fixture.registry().upkeep().verifyProjections();
      assertThat(report.equal()).isFalse();
      assertThat(report.results())
          .contains(
              new Verification.Result("repository", "repository", 3, 1, 0),
              new Verification.Result("blob", "blob_object", 1, 1, 1),
              new Verification.Result("blob", "blob_link", 3, 0, 1));
    }
  }

  @Test
  void findsALogThatWasChanged() throws Exception {
    try (RegistryFixture fixture = new RegistryFixture(new DiskBlobStore(folder))) {
      assertThat(fixture.registry().upkeep().verifyProjections().results())
          .contains(new Verification.Result("log", "event", 0, 0, 0));
      put(fixture, "a");
      put(fixture, "b");
      try (Connection owner = fixture.testDatabase().connect();
          Statement statement = owner.createStatement()) {
        statement.execute("ALTER TABLE event DISABLE TRIGGER event_append_only");
        statement.execute("UPDATE event SET actor_id = gen_random_uuid() WHERE position = 1");
        statement.execute("INSERT INTO log_checkpoint VALUES ('somebody', 4)");
        // The last event, and all that the views have from it.
        statement.execute("DELETE FROM event WHERE position = 3");
        statement.execute("DELETE FROM blob_link WHERE repository = 'b'");
      }
      assertThat(
              fixture.registry().upkeep().verifyProjections().results().stream()
                  .filter(r -> !r.equal()))
          .containsExactly(new Verification.Result("log", "event", 3, 1, 1));
    }
  }

  @Test
  void readsTheDocumentsOfManifestsAgain() throws Exception {
    try (RegistryFixture fixture = new RegistryFixture(new DiskBlobStore(folder))) {
      byte[] index = "{\"schemaVersion\":2,\"manifests\":[]}".getBytes(StandardCharsets.UTF_8);
      assertThat(
              fixture
                  .registry()
                  .putManifest(
                      new Caller("alice", "r"),
                      RepositoryName.parse("a"),
                      Tag.parse("t"),
                      MediaTypes.OCI_INDEX,
                      index,
                      List.of()))
          .isInstanceOf(Outcome.Ok.class);
      try (Connection owner = fixture.testDatabase().connect();
          Statement statement = owner.createStatement()) {
        statement.execute(
            "ALTER TABLE manifest_document DISABLE TRIGGER manifest_document_append_only");
        statement.execute("UPDATE manifest_document SET bytes = bytes || ' '");
      }
      assertThatThrownBy(() -> fixture.registry().upkeep().verifyProjections())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("was changed");
    }
  }

  private static void put(RegistryFixture fixture, String repository) throws Exception {
    byte[] content = {1};
    Outcome<Digest> outcome =
        fixture
            .registry()
            .putBlob(
                new Caller("alice", "r"),
                RepositoryName.parse(repository),
                Digest.of(Digest.Algorithm.SHA256, content),
                OptionalLong.of(1),
                new ByteArrayInputStream(content));
    assertThat(outcome).isInstanceOf(Outcome.Ok.class);
  }
}
