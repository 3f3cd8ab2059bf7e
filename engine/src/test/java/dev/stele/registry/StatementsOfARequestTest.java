package dev.stele.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.DiskBlobStore;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What clients ask most costs one statement, unless a promise is to be written down. */
class StatementsOfARequestTest {
  private static final Caller CALLER = new Caller("alice", "r");
  private static final RepositoryName APP = RepositoryName.parse("team/app");

  private final List<String> statements = new ArrayList<>();

  @TempDir private Path folder;

  @FunctionalInterface
  private interface Request {
    Outcome<?> run() throws IOException;
  }

  @Test
  void whetherSomethingIsThereIsOneStatement() throws IOException {
    try (DiskBlobStore store = new DiskBlobStore(folder);
        RegistryFixture fixture = new RegistryFixture(store, RegistryOptions.DEFAULT)) {
      Registry registry = fixture.registry();
      Digest used = upload(registry, "used");
      Digest loose = upload(registry, "loose");
      byte[] manifest =
          "{\"schemaVersion\":2,\"config\":{\"mediaType\":\"a/b\",\"digest\":\"%s\",\"size\":%d},\"layers\":[]}"
              .formatted(used, Sizes.of(used))
              .getBytes(UTF_8);
      Digest image =
          registry
              .putManifest(CALLER, APP, Tag.parse("v1"), MediaTypes.OCI_IMAGE, manifest, List.of())
              .orElseThrow(AssertionError::new)
              .digest();
      while (registry.collecting().follow() > 0) {
        // until what is loose has its lease
      }
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
          .hasSize(1);
      Digest absent = Sizes.digest("absent".getBytes(UTF_8));
      assertThat(statementsOf(() -> registry.blobFacts(APP, absent), false)).hasSize(1);
      RepositoryName nowhere = RepositoryName.parse("no/where");
      assertThat(statementsOf(() -> registry.blobFacts(nowhere, used), false)).hasSize(1);
      assertThat(statementsOf(() -> registry.blobFacts(APP, loose), true))
          .as("what was promised a moment ago")
          .hasSize(1);
      fixture
          .database()
          .jdbi()
          .useHandle(
              handle ->
                  handle.execute("UPDATE lease SET promised_at = promised_at - interval '2 s'"));
      assertThat(statementsOf(() -> registry.blobFacts(APP, loose), true))
          .hasSize(3)
          .element(1)
          .asString()
          .startsWith("UPDATE lease");
      assertThat(statementsOf(() -> registry.blobFacts(APP, loose), true)).hasSize(1);
    }
  }

  private List<String> statementsOf(Request request, boolean there) throws IOException {
    statements.clear();
    assertThat(request.run() instanceof Outcome.Ok).isEqualTo(there);
    return List.copyOf(statements);
  }

  private static Digest upload(Registry registry, String content) throws IOException {
    byte[] bytes = content.getBytes(UTF_8);
    return registry
        .putBlob(
            CALLER,
            APP,
            Sizes.digest(bytes),
            OptionalLong.of(bytes.length),
            new ByteArrayInputStream(bytes))
        .orElseThrow(AssertionError::new);
  }
}
