package dev.stele.question;

import dev.stele.oci.Digest;
import dev.stele.projection.RecordDocuments;
import dev.stele.registry.Archive;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.RefusedRequestException;
import java.util.Map;

/** What events name by its digest and that is no manifest. */
public final class RecordedDocument {
  private RecordedDocument() {}

  /**
   * The retention policy, or the decisions under one, of a digest.
   *
   * @throws RefusedRequestException 404 if no event names such by that digest
   */
  public static RecordDocuments.Document of(Archive archive, Digest digest) {
    return archive
        .recorded(digest)
        .orElseThrow(
            () ->
                new DistributionError(
                        404,
                        ErrorCode.NOT_FOUND,
                        "no event names a policy or decisions by " + digest,
                        Map.of("digest", digest))
                    .asException());
  }
}
