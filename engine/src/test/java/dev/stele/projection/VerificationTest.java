package dev.stele.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.TestClient;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A check that cannot fail is none: every kind of difference must be found. */
class VerificationTest {
  @TempDir Path folder;

  @Test
  void findsRowsThatAreMissingUnexpectedOrChanged() throws Exception {
    try (RegistryFixture fixture = RegistryFixture.onDisk(folder)) {
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
    try (RegistryFixture fixture = RegistryFixture.onDisk(folder)) {
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
        statement.execute("UPDATE chain SET position = 2 WHERE repository = 'b'");
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
    try (RegistryFixture fixture = RegistryFixture.onDisk(folder)) {
      TestClient.push(
          fixture.registry(), RepositoryName.parse("a"), Tag.parse("t"), TestManifest.index());
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
    TestClient.upload(fixture.registry(), RepositoryName.parse(repository), new byte[] {1});
  }
}
