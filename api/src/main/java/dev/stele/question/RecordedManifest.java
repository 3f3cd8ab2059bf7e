package dev.stele.question;

import dev.stele.oci.Digest;
import dev.stele.projection.ManifestDocuments;
import dev.stele.registry.Archive;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.RefusedRequestException;
import java.util.Map;

/**
 * A manifest that was ever put, also after every repository has lost it.
 *
 * @param mediaType that the bytes state or, if they state none, the OCI type of their structure
 * @param bytes exactly as they were put; not to be changed
 */
@SuppressWarnings("ArrayRecordComponent") // read-only
public record RecordedManifest(Digest digest, String mediaType, byte[] bytes) {
  /**
   * The manifest of a digest.
   *
   * @throws RefusedRequestException 404 if none was ever put by that digest
   */
  public static RecordedManifest of(Archive archive, Digest digest) {
    byte[] bytes =
        archive
            .document(digest)
            .orElseThrow(
                () ->
                    new DistributionError(
                            404,
                            ErrorCode.MANIFEST_UNKNOWN,
                            "no manifest " + digest + " was ever put",
                            Map.of("digest", digest))
                        .asException());
    return new RecordedManifest(digest, ManifestDocuments.read(digest, bytes).mediaType(), bytes);
  }
}
