package dev.stele.server.distribution;

import dev.stele.blob.Chunk;
import dev.stele.blob.UploadId;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.registry.Outcome;
import dev.stele.registry.Precondition;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.registry.UploadProgress;
import dev.stele.server.auth.ServerKey;
import dev.stele.server.http.Access;
import dev.stele.server.http.ContentRange;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.RefusedRequestException;
import java.io.IOException;
import java.util.Optional;

/** {@code /v2/<name>/blobs/uploads/} and the upload sessions below it. */
final class Uploads {
  private static final String PURPOSE = "uploads";

  private final Registry registry;
  private final Optional<ServerKey> key;

  /**
   * @param key binds the address of a session to who began it; absent where nobody can sign in
   */
  Uploads(Registry registry, Optional<ServerKey> key) {
    this.registry = registry;
    this.key = key;
  }

  /** Opens a session; or, if the client asks so, uploads a blob at once or mounts one. */
  void post(Exchange exchange, DistributionRoute.Uploads route) throws IOException {
    RepositoryName repository = RepositoryName.parse(route.name());
    Optional<String> mount = exchange.query().first("mount");
    if (mount.isPresent()) {
      Digest digest = Digest.parse(mount.get());
      checkPrecondition(exchange, repository, digest);
      Optional<RepositoryName> from = exchange.query().first("from").map(RepositoryName::parse);
      if (mayMount(exchange.access(), from)
          && registry.mount(exchange.caller(), repository, digest, from)) {
        created(exchange, repository, digest);
        return;
      }
    } else if (exchange.query().first("digest").isPresent()) {
      Digest digest = digest(exchange);
      checkPrecondition(exchange, repository, digest);
      created(
          exchange,
          repository,
          Refusals.accepted(
              registry.putBlob(
                  exchange.caller(),
                  repository,
                  digest,
                  exchange.contentLength(),
                  exchange.body())));
      return;
    } else {
      exchange.refusePreconditions();
    }
    Digest.Algorithm algorithm =
        exchange
            .query()
            .first("digest-algorithm")
            .map(Digest.Algorithm::parse)
            // What could not be mounted is what will be uploaded.
            .or(() -> mount.map(Digest::parse).map(Digest::algorithm))
            .orElse(Digest.Algorithm.SHA256);
    progress(exchange, repository, registry.uploads().begin(repository, algorithm));
    exchange.sendEmpty(202);
  }

  /**
   * Whoever may not read where a blob is cannot have it from there: they are told to upload it, as
   * if it were not there.
   */
  private static boolean mayMount(Access access, Optional<RepositoryName> from) {
    return from.map(source -> access.may(Action.PULL, source))
        .orElseGet(() -> access.mayEverywhere(Action.PULL));
  }

  /** Where the session stands. */
  void get(Exchange exchange, DistributionRoute.Upload route) throws IOException {
    RepositoryName repository = RepositoryName.parse(route.name());
    UploadId id = session(exchange, repository, route.id());
    progress(exchange, repository, Refusals.accepted(registry.uploads().status(repository, id)));
    exchange.sendEmpty(204);
  }

  /** Appends a chunk. */
  void patch(Exchange exchange, DistributionRoute.Upload route) throws IOException {
    RepositoryName repository = RepositoryName.parse(route.name());
    UploadId id = session(exchange, repository, route.id());
    Optional<ContentRange> range = range(exchange, repository, id);
    UploadProgress progress =
        accepted(
            exchange,
            repository,
            registry.uploads().append(repository, id, chunk(exchange, range)));
    progress(exchange, repository, progress);
    exchange.sendEmpty(202);
  }

  /** Appends the last chunk, which may be the whole blob or nothing, and finishes. */
  void put(Exchange exchange, DistributionRoute.Upload route) throws IOException {
    RepositoryName repository = RepositoryName.parse(route.name());
    UploadId id = session(exchange, repository, route.id());
    Digest digest = digest(exchange);
    checkPrecondition(exchange, repository, digest);
    Optional<ContentRange> range = range(exchange, repository, id);
    created(
        exchange,
        repository,
        accepted(
            exchange,
            repository,
            registry
                .uploads()
                .finish(exchange.caller(), repository, id, chunk(exchange, range), digest)));
  }

  /** Cancels the session. */
  void delete(Exchange exchange, DistributionRoute.Upload route) throws IOException {
    RepositoryName repository = RepositoryName.parse(route.name());
    Refusals.accepted(
        registry.uploads().cancel(repository, session(exchange, repository, route.id())));
    exchange.sendEmpty(204);
  }

  /**
   * Looks at a precondition before the bytes come, so that refusing it loses none. It is about the
   * blob that the request makes; nobody can give that digest other bytes meanwhile.
   */
  private void checkPrecondition(Exchange exchange, RepositoryName repository, Digest digest)
      throws IOException {
    Precondition precondition = Preconditions.of(exchange);
    if (precondition.equals(Precondition.NONE)) {
      return;
    }
    Optional<Digest> current =
        switch (registry.blobSize(repository, digest)) {
          case Outcome.Ok<Long> _ -> Optional.of(digest);
          case Outcome.Refused<Long> _ -> Optional.empty();
        };
    if (precondition.failed(current).isPresent()) {
      throw Refusals.toError(
              new Refusal.PreconditionFailed(repository, new Reference.ByDigest(digest), current))
          .asException();
    }
  }

  private static Digest digest(Exchange exchange) {
    return Digest.parse(
        exchange
            .query()
            .first("digest")
            .orElseThrow(
                () ->
                    new InvalidNameException(
                        InvalidNameException.Kind.DIGEST, "the digest parameter is missing")));
  }

  private Optional<ContentRange> range(Exchange exchange, RepositoryName repository, UploadId id)
      throws IOException {
    Optional<String> header = exchange.header("Content-Range");
    if (header.isPresent()) {
      // An unknown session is worth more to the client than what is wrong with its range.
      Refusals.accepted(registry.uploads().status(repository, id));
    }
    return ContentRange.parse(header, exchange.contentLength());
  }

  /**
   * The body as a chunk. Without a Content-Range it is a stream, of which the session keeps what
   * arrived when the connection breaks.
   */
  private static Chunk chunk(Exchange exchange, Optional<ContentRange> range) throws IOException {
    return range.isPresent()
        ? Chunk.at(range.get().start(), range.get().length(), exchange.body())
        : Chunk.streamed(exchange.body());
  }

  /** As {@link Refusals#accepted}; a chunk out of order learns where the session stands. */
  private <T> T accepted(Exchange exchange, RepositoryName repository, Outcome<T> outcome) {
    if (outcome instanceof Outcome.Refused<T>(Refusal.BadRange refusal)) {
      throw Refusals.toError(refusal)
          .with("Location", location(exchange, repository, refusal.id()))
          .with("Docker-Upload-UUID", refusal.id().toString())
          .with("Range", rangeOf(refusal.size()))
          .asException();
    }
    return Refusals.accepted(outcome);
  }

  private void progress(Exchange exchange, RepositoryName repository, UploadProgress progress) {
    exchange
        .set("Location", location(exchange, repository, progress.id()))
        .set("Docker-Upload-UUID", progress.id().toString())
        .set("Range", rangeOf(progress.size()));
  }

  /** Where a session goes on: for nobody but who began it. */
  private String location(Exchange exchange, RepositoryName repository, UploadId id) {
    return exchange.address("/v2/" + repository + "/blobs/uploads/")
        + id
        + key.map(secret -> "." + secret.authenticate(PURPOSE, bound(exchange, repository, id)))
            .orElse("");
  }

  /**
   * The session that an address names.
   *
   * @throws RefusedRequestException 404 if it names none that the caller began, as if there were
   *     none
   */
  private UploadId session(Exchange exchange, RepositoryName repository, String text) {
    int dot = text.indexOf('.');
    if (key.isEmpty() || dot < 0) {
      UploadId id = UploadId.parse(text);
      if (key.isPresent()) {
        throw unknown(id);
      }
      return id;
    }
    UploadId id = UploadId.parse(text.substring(0, dot));
    if (!key.get().isAuthentic(text.substring(dot + 1), PURPOSE, bound(exchange, repository, id))) {
      throw unknown(id);
    }
    return id;
  }

  private static RefusedRequestException unknown(UploadId id) {
    return Refusals.toError(new Refusal.UnknownUpload(id)).asException();
  }

  private static String[] bound(Exchange exchange, RepositoryName repository, UploadId id) {
    return new String[] {exchange.caller().name(), repository.value(), id.toString()};
  }

  // Clients parse this with "%d-%d", so it has no unit; nothing received yet is 0-0 too.
  private static String rangeOf(long size) {
    return "0-" + Math.max(0, size - 1);
  }

  private static void created(Exchange exchange, RepositoryName repository, Digest digest) {
    exchange
        .set("Location", exchange.address("/v2/" + repository + "/blobs/" + digest))
        .set("Docker-Content-Digest", digest.toString());
    exchange.sendEmpty(201);
  }
}
