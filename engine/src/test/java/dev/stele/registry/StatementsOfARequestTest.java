package dev.stele.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients ask most costs one statement, unless a promise is to be written down. */
class StatementsOfARequestTest {
  private static final RepositoryName APP = RepositoryName.parse("team/app");

  private final List<String> statements = new ArrayList<>();

  @TempDir private Path folder;

  @FunctionalInterface
  private interface Request {
    Outcome<?> run() throws IOException;
  }

  @Test
  void whetherSomethingIsThereIsOneStatementAtMost() throws IOException {
    try (RegistryFixture fixture = RegistryFixture.onDisk(folder)) {
      Registry registry = fixture.registry();
      Digest used = TestClient.upload(registry, APP, "used");
      Digest loose = TestClient.upload(registry, APP, "loose");
      Digest looser = TestClient.upload(registry, APP, "looser");
      Digest image = TestClient.push(registry, APP, Tag.parse("v1"), TestManifest.artifact(used));
      fixture.follow(); // now what is loose has its lease
      fixture
          .database()
          .jdbi()
          .setSqlLogger(
              new SqlLogger() {
                @Override
                public void logAfterExecution(StatementContext context) {
                  statements.add(context.getRenderedSql());
                }
              });

      assertThat(statementsOf(() -> registry.blobFacts(APP, used), true)).hasSize(1);
      assertThat(statementsOf(() -> registry.blobFacts(APP, image), true)).hasSize(1);
      assertThat(statementsOf(() -> registry.manifest(APP, new Reference.ByDigest(image)), true))
          .as("what was asked a moment ago")
          .hasSizeLessThanOrEqualTo(1);
      Digest absent = Sizes.digest("absent".getBytes(UTF_8));
      assertThat(statementsOf(() -> registry.blobFacts(APP, absent), false)).hasSize(1);
      RepositoryName nowhere = RepositoryName.parse("no/where");
      assertThat(statementsOf(() -> registry.blobFacts(nowhere, used), false)).hasSize(1);
      promised(fixture, loose, "clock_timestamp()");
      assertThat(statementsOf(() -> registry.blobFacts(APP, loose), true))
          .as("what was promised a moment ago")
          .hasSize(1);
      promised(fixture, looser, "clock_timestamp() - interval '2 s'");
      assertThat(statementsOf(() -> registry.blobFacts(APP, looser), true))
          .hasSize(3)
          .element(1)
          .asString()
          .startsWith("UPDATE lease");
      assertThat(statementsOf(() -> registry.blobFacts(APP, looser), true))
          .as("what was asked a moment ago")
          .hasSizeLessThanOrEqualTo(1);
    }
  }

  private static void promised(RegistryFixture fixture, Digest digest, String when) {
    fixture
        .database()
        .jdbi()
        .useHandle(
            handle ->
                handle
                    .createUpdate(
                        "UPDATE lease SET promised_at = %s WHERE digest = :digest".formatted(when))
                    .bind("digest", digest)
                    .execute());
  }

  private List<String> statementsOf(Request request, boolean there) throws IOException {
    statements.clear();
    assertThat(request.run() instanceof Outcome.Ok).isEqualTo(there);
    return List.copyOf(statements);
  }
}
