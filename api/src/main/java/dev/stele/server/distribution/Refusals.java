package dev.stele.server.distribution;

import dev.stele.blob.UploadId;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.projection.Hold;
import dev.stele.registry.Outcome;
import dev.stele.registry.Refusal;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The one place that says what HTTP status and code a refusal of the registry becomes. */
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

  /** What a refusal is answered with. */
  public static DistributionError toError(Refusal refusal) {
    return switch (refusal) {
      case Refusal.UnknownRepository(var repository) ->
          error(
              404,
              ErrorCode.NAME_UNKNOWN,
              "there is no repository "
                  + repository
                  + PastPath.meant(repository).map(meant -> "; " + meant).orElse(""),
              Map.of("name", repository));
      case Refusal.UnknownManifest(var repository, var reference) ->
          error(
              404,
              ErrorCode.MANIFEST_UNKNOWN,
              "repository " + repository + " has no manifest " + reference,
              Map.of("name", repository, "reference", reference.toString()));
      case Refusal.UnknownBlob(var repository, var digest) ->
          error(
              404,
              ErrorCode.BLOB_UNKNOWN,
              "repository " + repository + " has no blob " + digest,
              Map.of("name", repository, "digest", digest));
      case Refusal.NotYet(var moment, var newest) ->
          error(
              404,
              ErrorCode.NAME_UNKNOWN,
              moment + " has not passed yet: the newest event is at position " + newest,
              Map.of("moment", moment.toString(), "newest", newest));
      case Refusal.NoRepositoryThen(var repository, var asOf) ->
          error(
              404,
              ErrorCode.NAME_UNKNOWN,
              "there was no repository " + repository + " at " + asOf,
              Map.of("name", repository, "asOf", asOf.position()));
      case Refusal.NoManifestThen(var repository, var reference, var asOf) ->
          error(
              404,
              ErrorCode.MANIFEST_UNKNOWN,
              "repository " + repository + " had no manifest " + reference + " at " + asOf,
              Map.of(
                  "name", repository, "reference", reference.toString(), "asOf", asOf.position()));
      case Refusal.NoBlobThen(var repository, var digest, var asOf) ->
          error(
              404,
              ErrorCode.BLOB_UNKNOWN,
              "repository " + repository + " had no blob " + digest + " at " + asOf,
              Map.of("name", repository, "digest", digest, "asOf", asOf.position()));
      case Refusal.BlobGone gone -> BlobFate.error(gone);
      case Refusal.ImageGone gone -> BlobFate.error(gone);
      case Refusal.PreconditionFailed(var repository, var reference, var actual) -> {
        Map<String, Object> detail = new LinkedHashMap<>();
        detail.put("name", repository);
        detail.put("reference", reference.toString());
        actual.ifPresent(digest -> detail.put("actual", digest));
        DistributionError error =
            error(
                412,
                ErrorCode.PRECONDITION_FAILED,
                "nothing was done: %s of %s is %s, which If-Match or If-None-Match rules out"
                    .formatted(
                        reference, repository, actual.map(Digest::toString).orElse("not there")),
                detail);
        yield actual
            .map(digest -> error.with("ETag", Preconditions.entityTag(digest)))
            .orElse(error);
      }
      case Refusal.UnknownUpload(var id) -> unknownUpload(id.toString());
      case Refusal.UploadBusy(var id) ->
          error(
              409,
              ErrorCode.BLOB_UPLOAD_INVALID,
              "another request is writing to this upload",
              upload(id));
      case Refusal.BadRange(var id, var size) ->
          error(
              416,
              ErrorCode.BLOB_UPLOAD_INVALID,
              "the chunk must start at byte " + size + " and be as long as it says",
              Map.of("upload", id.toString(), "size", size));
      case Refusal.DigestMismatch(var expected, var actual) ->
          error(
              400,
              ErrorCode.DIGEST_INVALID,
              "the content's digest is " + actual + ", not " + expected,
              Map.of("expected", expected, "actual", actual));
      case Refusal.InvalidManifest(var reason) ->
          new DistributionError(400, ErrorCode.MANIFEST_INVALID, reason);
      case Refusal.MissingContent(var digests) ->
          error(
              400,
              ErrorCode.MANIFEST_BLOB_UNKNOWN,
              "the manifest lists content that the repository lacks; push that first",
              Map.of("missing", digests));
      case Refusal.MissingAnnotations(var keys) ->
          error(
              400,
              ErrorCode.MANIFEST_INVALID,
              "this registry asks of an image that its annotations or its config's labels have "
                  + String.join(", ", keys),
              Map.of("missing", keys));
      case Refusal.SeveralTags(var digest, var tags) ->
          error(
              409,
              ErrorCode.DENIED,
              "manifest " + digest + " has more than one tag; delete the others first",
              Map.of("digest", digest, "tags", tags));
      case Refusal.Referenced(var digest, var by) ->
          error(
              409,
              ErrorCode.DENIED,
              by.equals(List.of(digest))
                  ? digest + " is a manifest; delete it at /manifests/" + digest
                  : digest + " is listed by a manifest; delete that first",
              Map.of("digest", digest, "referencedBy", by));
      case Refusal.Held(var what, var hold) ->
          error(
              403,
              ErrorCode.DENIED,
              "%s is held: %s".formatted(what, words(hold)),
              Map.of("hold", hold.id().toString(), "reason", hold.reason()));
      case Refusal.ImmutableTag(var repository, var tag, var digest) ->
          error(
              409,
              ErrorCode.DENIED,
              ("tag %s of %s is immutable: it points to %s and can neither be moved nor deleted;"
                      + " push under another tag")
                  .formatted(tag, repository, digest),
              Map.of("name", repository, "tag", tag, "digest", digest));
      case Refusal.TooMuchToRestore(var repository, var most, var mostListed) ->
          error(
              409,
              ErrorCode.DENIED,
              ("what is asked for of %s had more than %,d tags or manifests, or these listed more"
                      + " than %,d different digests, which is the most that is restored at once;"
                      + " restore its tags or manifests one by one")
                  .formatted(repository, most, mostListed),
              Map.of("name", repository));
      case Refusal.UnknownHold(var id) ->
          error(404, ErrorCode.NOT_FOUND, "there is no hold " + id, Map.of("hold", id.toString()));
      case Refusal.OtherHold(var hold) ->
          error(
              409,
              ErrorCode.DENIED,
              "another hold has that id: " + words(hold),
              Map.of("hold", hold.id().toString()));
    };
  }

  /** Who placed a hold, when and why, and how it ends. */
  private static String words(Hold hold) {
    return "hold %s on %s, placed by %s at %s: \"%s\"; only its release ends that"
        .formatted(
            hold.id(),
            hold.scope(),
            hold.placed().actor().orElse("somebody"),
            hold.placed().at().truncatedTo(ChronoUnit.SECONDS),
            hold.reason());
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

  private static DistributionError unknownUpload(String id) {
    return error(
        404,
        ErrorCode.BLOB_UPLOAD_UNKNOWN,
        "there is no such upload; it was finished, cancelled or given up",
        Map.of("upload", id));
  }

  private static Map<String, Object> upload(UploadId id) {
    return Map.of("upload", id.toString());
  }

  private static DistributionError error(
      int status, ErrorCode code, String message, Map<String, Object> detail) {
    return new DistributionError(status, code, message, detail);
  }
}
