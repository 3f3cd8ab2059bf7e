package dev.stele.server.distribution;

import dev.stele.oci.InvalidNameException;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.registry.Outcome;
import dev.stele.registry.Precondition;
import dev.stele.registry.PutManifest;
import dev.stele.registry.Registry;
import dev.stele.registry.StoredManifest;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** {@code /v2/<name>/manifests/<reference>}. */
final class Manifests {
  /** How many {@code tag} parameters a put may have; the specification asks for 10 at least. */
  static final int MOST_TAGS = 10;

  private final Registry registry;
  private final int maxSize;

  /**
   * @param maxSize of a manifest, in bytes
   */
  Manifests(Registry registry, int maxSize) {
    this.registry = registry;
    this.maxSize = maxSize;
  }

  void get(Exchange exchange, Reading reading, DistributionRoute.Manifest route)
      throws IOException {
    RepositoryName repository = RepositoryName.parse(route.name());
    Reference reference = existing(repository, route.reference());
    StoredManifest manifest = reading.manifest(repository, reference);
    boolean notModified =
        Preconditions.notModified(exchange, repository, reference, manifest.digest());
    if (!exchange.isHead()) {
      // Also where the client turns out to have it: it uses what it asks for.
      reading.pulled(exchange.caller(), repository, manifest.digest(), reference);
    }
    exchange
        .set("Docker-Content-Digest", manifest.digest().toString())
        .set("ETag", Preconditions.entityTag(manifest.digest()));
    if (notModified) {
      exchange.sendNotModified();
      return;
    }
    exchange.sendBytes(200, manifest.mediaType(), manifest.bytes());
  }

  void put(Exchange exchange, DistributionRoute.Manifest route) throws IOException {
    RepositoryName repository = RepositoryName.parse(route.name());
    Reference reference = Reference.parse(route.reference());
    List<Tag> tags = tags(exchange);
    String mediaType = mediaType(exchange);
    Precondition precondition = Preconditions.of(exchange);
    byte[] bytes = read(exchange); // before it is asked what may be done: a body can take long
    Outcome<PutManifest> outcome =
        registry.putManifest(
            exchange.access().may(Action.MOVE_TAG, repository)
                ? exchange.caller()
                : exchange.caller().withoutMovingTags(),
            repository,
            reference,
            mediaType,
            bytes,
            tags,
            precondition);
    PutManifest put =
        Refusals.accepted(outcome, exchange.access(), Action.MOVE_TAG, Optional.of(repository));
    exchange
        .set("Location", exchange.address("/v2/" + repository + "/manifests/" + reference))
        .set("Docker-Content-Digest", put.digest().toString())
        .set("ETag", Preconditions.entityTag(put.digest()));
    put.subject().ifPresent(subject -> exchange.set("OCI-Subject", subject.toString()));
    tags.forEach(tag -> exchange.add("OCI-Tag", tag.value()));
    exchange.sendEmpty(201);
  }

  void delete(Exchange exchange, DistributionRoute.Manifest route) {
    RepositoryName repository = RepositoryName.parse(route.name());
    Precondition precondition = Preconditions.of(exchange);
    Refusals.accepted(
        switch (existing(repository, route.reference())) {
          case Tag tag -> registry.deleteTag(exchange.caller(), repository, tag, precondition);
          case Reference.ByDigest(var digest) ->
              registry.deleteManifest(exchange.caller(), repository, digest, precondition);
        },
        exchange.access(),
        Action.DELETE,
        Optional.of(repository));
    exchange.sendEmpty(202);
  }

  /** A reference to look up: what cannot be a tag cannot be there, which the message explains. */
  private static Reference existing(RepositoryName repository, String text) {
    try {
      return Reference.parse(text);
    } catch (InvalidNameException e) {
      if (e.kind() != InvalidNameException.Kind.TAG) {
        throw e;
      }
      throw new DistributionError(
              404, ErrorCode.MANIFEST_UNKNOWN, e.getMessage(), Map.of("name", repository))
          .asException();
    }
  }

  private static List<Tag> tags(Exchange exchange) {
    List<String> texts = exchange.query().all("tag");
    if (texts.size() > MOST_TAGS) {
      throw new DistributionError(
              414,
              ErrorCode.MANIFEST_INVALID,
              "at most " + MOST_TAGS + " tag parameters, not " + texts.size())
          .asException();
    }
    return texts.stream().map(Tag::parse).distinct().toList();
  }

  private static String mediaType(Exchange exchange) {
    String type =
        exchange
            .header("Content-Type")
            .orElseThrow(
                () ->
                    new DistributionError(
                            400,
                            ErrorCode.MANIFEST_INVALID,
                            "Content-Type must say what kind of manifest this is")
                        .asException());
    int parameters = type.indexOf(';');
    return parameters < 0 ? type : type.substring(0, parameters).strip();
  }

  private byte[] read(Exchange exchange) throws IOException {
    OptionalLong declared = exchange.contentLength();
    if (declared.isPresent() && declared.getAsLong() > maxSize) {
      throw tooLarge();
    }
    byte[] bytes = exchange.bytes(maxSize);
    if (bytes.length > maxSize) {
      throw tooLarge();
    }
    return bytes;
  }

  private RuntimeException tooLarge() {
    return new DistributionError(
            413, ErrorCode.SIZE_INVALID, "a manifest has at most " + maxSize + " bytes")
        .asException();
  }
}
