package dev.stele.server.audit;

import dev.stele.oci.Digest;
import dev.stele.projection.RecordDocuments;
import dev.stele.question.DigestText;
import dev.stele.question.RecordedDocument;
import dev.stele.question.RecordedManifest;
import dev.stele.registry.Archive;
import dev.stele.server.http.Exchange;
import java.io.IOException;
import java.util.function.BiFunction;

/**
 * Bytes that events name by their digest. {@code GET /api/v1/manifests/<digest>}: {@link
 * RecordedManifest}. (As what a repository had it, the repository's record says.) {@code GET
 * /api/v1/documents/<digest>}: {@link RecordedDocument}.
 */
record Documents(Archive archive, AuditWork work) {
  void manifest(Exchange exchange, String text) throws IOException, InterruptedException {
    RecordedManifest found = find(text, RecordedManifest::of);
    send(exchange, found.digest(), found.mediaType(), found.bytes());
  }

  void recorded(Exchange exchange, String text) throws IOException, InterruptedException {
    RecordDocuments.Document found = find(text, RecordedDocument::of);
    send(exchange, found.digest(), found.mediaType(), found.bytes());
  }

  private <T> T find(String text, BiFunction<Archive, Digest, T> question)
      throws IOException, InterruptedException {
    DigestText asked = DigestText.parse(text);
    return work.run(() -> question.apply(archive, asked.resolve(archive, true)));
  }

  private static void send(Exchange exchange, Digest digest, String mediaType, byte[] bytes)
      throws IOException {
    exchange.set("Docker-Content-Digest", digest.toString()).sendBytes(200, mediaType, bytes);
  }
}
