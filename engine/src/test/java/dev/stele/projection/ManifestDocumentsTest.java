package dev.stele.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import dev.stele.oci.Digest;
import dev.stele.sql.Pipeline;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.Test;

class ManifestDocumentsTest {
  private static final byte[] BYTES = "{}".getBytes(StandardCharsets.UTF_8);
  private static final Digest DIGEST = Digest.of(Digest.Algorithm.SHA512, BYTES);

  @Test
  void aDocumentIsKeptAndRefusedIfItIsNotWhatItsDigestSays() {
    try (TestDatabase testDatabase = TestDatabase.create();
        Database database = testDatabase.open()) {
      ManifestDocuments documents = new ManifestDocuments();
      database
          .jdbi()
          .useHandle(
              handle -> {
                assertThat(documents.find(handle, DIGEST)).isEmpty();
                ManifestDocuments.Document document =
                    ManifestDocuments.Document.read(DIGEST, BYTES);
                write(documents, handle, document, document);
                write(documents, handle, document);
                ManifestDocuments another = new ManifestDocuments();
                assertThat(another.cached(DIGEST)).isEmpty();
                byte[] found = another.find(handle, DIGEST).orElseThrow();
                assertThat(found).isEqualTo(BYTES);
                assertThat(another.cached(DIGEST)).contains(found);

                Digest other = Digest.of(Digest.Algorithm.SHA256, new byte[] {1});
                handle
                    .createUpdate("INSERT INTO manifest_document VALUES (:digest, 'm', :bytes)")
                    .bind("digest", other)
                    .bind("bytes", BYTES)
                    .execute();
                assertThatThrownBy(() -> another.find(handle, other))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("was changed");
                assertThat(another.cached(other)).isEmpty();
              });
    }
  }

  private static void write(
      ManifestDocuments documents, Handle handle, ManifestDocuments.Document... added) {
    Pipeline pipeline = new Pipeline(handle);
    documents.write(pipeline, List.of(added));
    pipeline.flush();
  }
}
