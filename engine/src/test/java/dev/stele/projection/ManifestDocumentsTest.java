package dev.stele.projection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.projection.ManifestDocuments.Document;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class ManifestDocumentsTest {
  private static final byte[] BYTES = "{}".getBytes(StandardCharsets.UTF_8);
  private static final Digest DIGEST = Digest.of(Digest.Algorithm.SHA512, BYTES);

  @Test
  void aDocumentIsKeptAsItWasFirstPutAndRefusedIfItIsNotWhatItsDigestSays() {
    try (TestDatabase testDatabase = TestDatabase.create();
        Database database = testDatabase.open()) {
      ManifestDocuments documents = new ManifestDocuments();
      database
          .jdbi()
          .useHandle(
              handle -> {
                assertThat(documents.find(handle, DIGEST)).isEmpty();
                documents.add(handle, DIGEST, new Document(MediaTypes.OCI_IMAGE, BYTES));
                documents.add(handle, DIGEST, new Document(MediaTypes.OCI_INDEX, BYTES));
                ManifestDocuments another = new ManifestDocuments();
                assertThat(another.cached(DIGEST)).isEmpty();
                Document found = another.find(handle, DIGEST).orElseThrow();
                assertThat(found.bytes()).isEqualTo(BYTES);
                assertThat(found.mediaType()).isEqualTo(MediaTypes.OCI_IMAGE);
                assertThat(another.cached(DIGEST)).contains(found);

                Digest other = Digest.of(Digest.Algorithm.SHA256, new byte[] {1});
                handle
                    .createUpdate("INSERT INTO manifest_document VALUES (:digest, 'm', :bytes)")
                    .bind("digest", other.toString())
                    .bind("bytes", BYTES)
                    .execute();
                assertThatThrownBy(() -> another.find(handle, other))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("was changed");
                assertThat(another.cached(other)).isEmpty();
              });
    }
  }
}
