package dev.stele.server.distribution;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.UploadId;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.Refusal;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class RefusalsTest {
  private static final RepositoryName REPOSITORY = RepositoryName.parse("demo/app");
  private static final Digest DIGEST = Digest.of(Digest.Algorithm.SHA256, new byte[] {1});
  private static final Digest OTHER = Digest.of(Digest.Algorithm.SHA256, new byte[] {2});
  private static final UploadId UPLOAD = UploadId.random();

  @Test
  void everyRefusalHasTheStatusAndCodeThatClientsExpect() {
    check(new Refusal.UnknownRepository(REPOSITORY), 404, ErrorCode.NAME_UNKNOWN);
    check(new Refusal.UnknownManifest(REPOSITORY, Tag.parse("1")), 404, ErrorCode.MANIFEST_UNKNOWN);
    check(new Refusal.UnknownBlob(REPOSITORY, DIGEST), 404, ErrorCode.BLOB_UNKNOWN);
    check(new Refusal.UnknownUpload(UPLOAD), 404, ErrorCode.BLOB_UPLOAD_UNKNOWN);
    check(new Refusal.UploadBusy(UPLOAD), 409, ErrorCode.BLOB_UPLOAD_INVALID);
    check(new Refusal.BadRange(UPLOAD, 5), 416, ErrorCode.BLOB_UPLOAD_INVALID);
    check(new Refusal.DigestMismatch(DIGEST, OTHER), 400, ErrorCode.DIGEST_INVALID);
    check(new Refusal.InvalidManifest("no"), 400, ErrorCode.MANIFEST_INVALID);
    check(new Refusal.MissingContent(List.of(DIGEST)), 400, ErrorCode.MANIFEST_BLOB_UNKNOWN);
    check(new Refusal.MissingAnnotations(List.of("vendor")), 400, ErrorCode.MANIFEST_INVALID);
    check(
        new Refusal.SeveralTags(DIGEST, List.of(Tag.parse("1"), Tag.parse("2"))),
        409,
        ErrorCode.DENIED);
    check(new Refusal.Referenced(DIGEST, List.of(OTHER)), 409, ErrorCode.DENIED);
  }

  private static void check(Refusal refusal, int status, ErrorCode code) {
    assertThat(Refusals.toError(refusal).status()).as(refusal.toString()).isEqualTo(status);
    assertThat(Refusals.toError(refusal).code()).as(refusal.toString()).isEqualTo(code);
  }

  @Test
  void malformedNamesAreTheClientsErrors() {
    for (InvalidNameException.Kind kind : InvalidNameException.Kind.values()) {
      assertThat(Refusals.toError(new InvalidNameException(kind, "bad")).status())
          .as(kind.name())
          .isBetween(400, 404);
    }
  }

  @Test
  void theBodyHasTheSpecificationsForm() {
    assertThat(
            new String(
                Json.bytes(Refusals.toError(new Refusal.UnknownRepository(REPOSITORY)).body()),
                StandardCharsets.UTF_8))
        .isEqualTo(
            "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"there is no repository"
                + " demo/app\",\"detail\":{\"name\":\"demo/app\"}}]}");
  }
}
