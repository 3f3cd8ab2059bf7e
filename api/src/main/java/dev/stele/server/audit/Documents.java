package dev.stele.server.audit;

import dev.stele.history.History;
import dev.stele.oci.Digest;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.RecordDocuments;
import dev.stele.question.DigestText;
import dev.stele.question.RecordedDocument;
import dev.stele.registry.Archive;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import java.io.IOException;
import java.util.Map;

/**
 * Bytes that events name by their digest. {@code GET /api/v1/manifests/<digest>}: the exact bytes
 * of a manifest that was ever put, also after every repository has lost it, with the media type
 * that they state or, if they state none, the OCI type of their structure. (As what a repository
 * had it, the repository's record says.) {@code GET /api/v1/documents/<digest>}: a retention
 * policy, or what was decided under one.
 */
record Documents(History history, Archive archive, AuditWork work) {
  /** A document, with the digest that was asked for in short. */
  private record Found(Digest digest, byte[] bytes) {}

  void manifest(Exchange exchange, String text) throws IOException, InterruptedException {
    DigestText asked = DigestText.parse(text);
    Found found = work.run(() -> manifest(asked));
    exchange
        .set("Docker-Content-Digest", found.digest().toString())
        .sendBytes(
            200, ManifestDocuments.read(found.digest(), found.bytes()).mediaType(), found.bytes());
  }

  private Found manifest(DigestText asked) {
    Digest digest = asked.resolve(archive);
    byte[] document =
        history
            .document(digest)
            .orElseThrow(
                () ->
                    new DistributionError(
                            404,
                            ErrorCode.MANIFEST_UNKNOWN,
                            "no manifest " + digest + " was ever put",
                            Map.of("digest", digest))
                        .asException());
    return new Found(digest, document);
  }

  void recorded(Exchange exchange, String text) throws IOException, InterruptedException {
    DigestText asked = DigestText.parse(text);
    RecordDocuments.Document found =
        work.run(() -> RecordedDocument.of(archive, asked.resolve(archive)));
    exchange
        .set("Docker-Content-Digest", found.digest().toString())
        .sendBytes(200, found.mediaType(), found.bytes());
  }
}
