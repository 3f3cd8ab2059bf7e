package dev.stele.server.distribution;

import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.server.http.Access;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What HTTP status, code and detail a refusal of the registry becomes. Its words are its own. */
public final class Refusals {
  private Refusals() {}

  /**
   * The value of an outcome.
   *
   * @throws dev.stele.server.http.RefusedRequestException with the error that the refusal becomes
   */
  public static <T> T accepted(Outcome<T> outcome) {
    return switch (outcome) {
      case Outcome.Ok<T>(T value) -> value;
      case Outcome.Refused<T>(Refusal refusal) -> throw toError(refusal).asException();
    };
  }

  /**
   * The same, of what may be forbidden to whoever tries. That they did is told to the record.
   *
   * @param action the right of which they made use
   * @param repository where, if in one
   */
  public static <T> T accepted(
      Outcome<T> outcome, Access access, Action action, Optional<RepositoryName> repository) {
    if (outcome instanceof Outcome.Refused<T>(Refusal refusal)) {
      refusal.denial().ifPresent(reason -> access.denied(action, repository, reason));
    }
    return accepted(outcome);
  }

  /** The same to whoever may pull, but not read the record, which says who did what. */
  static DistributionError withoutStory(Refusal refusal) {
    return switch (refusal) {
      case Refusal.BlobGone(var repository, var digest, var asOf, _) ->
          new DistributionError(
              404,
              ErrorCode.BLOB_UNKNOWN,
              "blob %s of %s was there at %s, but is no longer kept"
                  .formatted(digest, repository, asOf),
              Map.of("name", repository, "digest", digest, "asOf", asOf.position()));
      case Refusal.ImageGone(var reference, var swept, var first) ->
          new DistributionError(
              404,
              ErrorCode.MANIFEST_UNKNOWN,
              "%s of %s was there at %s, but %d of its blobs are no longer kept"
                  .formatted(reference, first.repository(), first.asOf(), swept.size()),
              Map.of(
                  "name", first.repository(),
                  "reference", reference.toString(),
                  "asOf", first.asOf().position(),
                  "swept", swept));
      default -> toError(refusal);
    };
  }

  /** What a refusal is answered with. */
  public static DistributionError toError(Refusal refusal) {
    return switch (refusal) {
      case Refusal.UnknownRepository(var repository) ->
          new DistributionError(
              404,
              ErrorCode.NAME_UNKNOWN,
              refusal.message() + PastPath.meant(repository).map(meant -> "; " + meant).orElse(""),
              Map.of("name", repository));
      case Refusal.UnknownManifest(var repository, var reference) ->
          error(
              refusal,
              404,
              ErrorCode.MANIFEST_UNKNOWN,
              Map.of("name", repository, "reference", reference.toString()));
      case Refusal.UnknownBlob(var repository, var digest) ->
          error(refusal, 404, ErrorCode.BLOB_UNKNOWN, Map.of("name", repository, "digest", digest));
      case Refusal.UnknownDigest(var digest) ->
          error(refusal, 404, ErrorCode.BLOB_UNKNOWN, Map.of("digest", digest));
      case Refusal.TooMuchEvidence(var most) ->
          error(refusal, 409, ErrorCode.DENIED, Map.of("most", most));
      case Refusal.SignsNothing _ ->
          new DistributionError(409, ErrorCode.DENIED, refusal.message());
      case Refusal.NotSigned _ ->
          new DistributionError(503, ErrorCode.UNAVAILABLE, refusal.message())
              .with("Retry-After", "5");
      case Refusal.NotYet(var moment, var newest) ->
          error(
              refusal,
              404,
              ErrorCode.NAME_UNKNOWN,
              Map.of("moment", moment.toString(), "newest", newest));
      case Refusal.NoRepositoryThen(var repository, var asOf) ->
          error(
              refusal,
              404,
              ErrorCode.NAME_UNKNOWN,
              Map.of("name", repository, "asOf", asOf.position()));
      case Refusal.NoManifestThen(var repository, var reference, var asOf) ->
          error(
              refusal,
              404,
              ErrorCode.MANIFEST_UNKNOWN,
              Map.of(
                  "name", repository, "reference", reference.toString(), "asOf", asOf.position()));
      case Refusal.NoBlobThen(var repository, var digest, var asOf) ->
          error(
              refusal,
              404,
              ErrorCode.BLOB_UNKNOWN,
              Map.of("name", repository, "digest", digest, "asOf", asOf.position()));
      case Refusal.BlobGone gone ->
          error(refusal, 404, ErrorCode.BLOB_UNKNOWN, PastDetail.detail(gone));
      case Refusal.ImageGone gone ->
          error(refusal, 404, ErrorCode.MANIFEST_UNKNOWN, PastDetail.detail(gone));
      case Refusal.PreconditionFailed(var repository, var reference, var actual) -> {
        Map<String, Object> detail = new LinkedHashMap<>();
        detail.put("name", repository);
        detail.put("reference", reference.toString());
        actual.ifPresent(digest -> detail.put("actual", digest));
        DistributionError error = error(refusal, 412, ErrorCode.PRECONDITION_FAILED, detail);
        yield actual
            .map(digest -> error.with("ETag", Preconditions.entityTag(digest)))
            .orElse(error);
      }
      case Refusal.UnknownUpload(var id) ->
          error(refusal, 404, ErrorCode.BLOB_UPLOAD_UNKNOWN, Map.of("upload", id.toString()));
      case Refusal.UploadBusy(var id) ->
          error(refusal, 409, ErrorCode.BLOB_UPLOAD_INVALID, Map.of("upload", id.toString()));
      case Refusal.BadRange(var id, var size) ->
          error(
              refusal,
              416,
              ErrorCode.BLOB_UPLOAD_INVALID,
              Map.of("upload", id.toString(), "size", size));
      case Refusal.DigestMismatch(var expected, var actual) ->
          error(
              refusal,
              400,
              ErrorCode.DIGEST_INVALID,
              Map.of("expected", expected, "actual", actual));
      case Refusal.InvalidManifest _ ->
          new DistributionError(400, ErrorCode.MANIFEST_INVALID, refusal.message());
      case Refusal.MissingContent(var digests) ->
          error(refusal, 400, ErrorCode.MANIFEST_BLOB_UNKNOWN, Map.of("missing", digests));
      case Refusal.MissingAnnotations(var keys) ->
          error(refusal, 400, ErrorCode.MANIFEST_INVALID, Map.of("missing", keys));
      case Refusal.SeveralTags(var digest, var tags) ->
          error(refusal, 409, ErrorCode.DENIED, Map.of("digest", digest, "tags", tags));
      case Refusal.Referenced(var digest, var by) ->
          error(refusal, 409, ErrorCode.DENIED, Map.of("digest", digest, "referencedBy", by));
      case Refusal.Held(_, var hold) ->
          error(
              refusal,
              403,
              ErrorCode.DENIED,
              Map.of("hold", hold.id().toString(), "reason", hold.reason()));
      case Refusal.TagMayNotMove(var repository, var tag, var digest) ->
          error(
              refusal,
              403,
              ErrorCode.DENIED,
              Map.of("name", repository, "tag", tag, "digest", digest));
      case Refusal.ImmutableTag(var repository, var tag, var digest) ->
          error(
              refusal,
              409,
              ErrorCode.DENIED,
              Map.of("name", repository, "tag", tag, "digest", digest));
      case Refusal.TooMuchToRestore(var repository, _, _) ->
          error(refusal, 409, ErrorCode.DENIED, Map.of("name", repository));
      case Refusal.NotAnother(var hold) ->
          error(refusal, 403, ErrorCode.DENIED, Map.of("hold", hold));
      case Refusal.NoPerson(var name, _) ->
          error(refusal, 403, ErrorCode.DENIED, Map.of("user", name));
      case Refusal.UnknownSession(var id) ->
          error(refusal, 404, ErrorCode.NOT_FOUND, Map.of("session", id));
      case Refusal.UnknownApproval(var act, var repositories, var subject) ->
          error(
              refusal,
              404,
              ErrorCode.NOT_FOUND,
              Map.of(
                  "act", act.word(), "repositories", repositories.toString(), "subject", subject));
      case Refusal.UnknownRobot(var robot) ->
          error(refusal, 404, ErrorCode.NOT_FOUND, Map.of("robot", robot));
      case Refusal.UnknownRobotKey(var robot, var keyId) ->
          error(refusal, 404, ErrorCode.NOT_FOUND, Map.of("robot", robot, "key", keyId));
      case Refusal.RobotExists(var robot) ->
          error(refusal, 409, ErrorCode.DENIED, Map.of("robot", robot));
      case Refusal.TooManyRobotKeys(var robot, var keyIds) ->
          error(refusal, 409, ErrorCode.DENIED, Map.of("robot", robot, "keys", keyIds));
      case Refusal.UnknownHold(var id) ->
          error(refusal, 404, ErrorCode.NOT_FOUND, Map.of("hold", id.toString()));
      case Refusal.OtherHold(var hold) ->
          error(refusal, 409, ErrorCode.DENIED, Map.of("hold", hold.id().toString()));
    };
  }

  /** What a malformed name, digest, tag or upload id is answered with. */
  public static DistributionError toError(InvalidNameException e) {
    return switch (e.kind()) {
      case REPOSITORY -> new DistributionError(400, ErrorCode.NAME_INVALID, e.getMessage());
      case DIGEST -> new DistributionError(400, ErrorCode.DIGEST_INVALID, e.getMessage());
      // The specification has no code for a malformed tag; it is part of how a manifest is named.
      case TAG -> new DistributionError(400, ErrorCode.MANIFEST_INVALID, e.getMessage());
      case MOMENT -> new DistributionError(400, ErrorCode.NAME_INVALID, e.getMessage());
      // Ids are opaque to clients, so one that this server could not have made is an unknown one.
      case UPLOAD -> new DistributionError(404, ErrorCode.BLOB_UPLOAD_UNKNOWN, e.getMessage());
    };
  }

  private static DistributionError error(
      Refusal refusal, int status, ErrorCode code, Map<String, Object> detail) {
    return new DistributionError(status, code, refusal.message(), detail);
  }
}
