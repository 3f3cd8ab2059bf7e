package dev.stele.blob;

import io.minio.GetObjectArgs;
import io.minio.GetObjectResponse;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.MinioAsyncClient;
import io.minio.StatObjectArgs;
import io.minio.StatObjectResponse;
import io.minio.credentials.Provider;
import io.minio.credentials.StaticProvider;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.http.Method;
import io.minio.messages.DeleteError;
import io.minio.messages.Part;
import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.security.GeneralSecurityException;
import java.security.ProviderException;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;

/**
 * One bucket below one prefix: names here do not have the prefix. Every request is repeated while
 * that helps ({@link S3Calls}). Safe for use by several threads.
 */
final class S3Bucket implements Closeable {
  /** No attempt begins later than this after the first. */
  private static final Duration GIVE_UP = Duration.ofSeconds(60);

  /** How long a request of {@link #tryOut} may take, since somebody waits for what it tells. */
  private static final Duration TRY_OUT_TIMEOUT = Duration.ofSeconds(5);

  private static final int CONNECTIONS = 256;
  private static final int DELETES_A_REQUEST = 1000;
  private static final String METADATA = "x-amz-meta-stele-";

  /** What HEAD says; metadata names are without the prefix that marks them as ours. */
  record Head(long size, String etag, Map<String, String> metadata) {}

  /** A line of a listing. */
  record Listed(String name, long size) {}

  /** How a replacement ended. */
  sealed interface Replacement {
    record Done(String etag) implements Replacement {}

    /** The object is another one by now, or gone. Nothing was written. */
    record Overtaken() implements Replacement {}
  }

  private final String bucket;
  private final String prefix;
  private final OkHttpClient http;
  private final Provider keys;
  private final S3Client client;
  private final S3Calls calls;

  /** The same bucket over the same connections, for requests that must not take long. */
  private final Optional<S3Bucket> hurried;

  /** Whether the service refuses an If-Match that does not match, as tried by {@link #tryOut}. */
  private volatile boolean conditional;

  S3Bucket(S3Settings settings, UnaryOperator<OkHttpClient.Builder> httpSettings) {
    this(settings, httpSettings.apply(connections(settings.patience())).build(), false);
  }

  private S3Bucket(S3Settings settings, OkHttpClient http, boolean inHurry) {
    this.bucket = settings.bucket();
    this.prefix = settings.prefix();
    this.http = http;
    this.calls =
        new S3Calls(
            "bucket %s at %s".formatted(bucket, settings.endpoint()),
            settings.patience().retries(),
            inHurry ? TRY_OUT_TIMEOUT : GIVE_UP);
    this.hurried =
        inHurry
            ? Optional.empty()
            : Optional.of(
                new S3Bucket(
                    settings, http.newBuilder().callTimeout(TRY_OUT_TIMEOUT).build(), true));
    this.keys = credentials(settings);
    this.client =
        new S3Client(
            MinioAsyncClient.builder()
                .endpoint(settings.endpoint().toString())
                .region(settings.region())
                .credentialsProvider(keys)
                .httpClient(http)
                .build());
    if (settings.pathStyle()) {
      client.disableVirtualStyleEndpoint();
    } else {
      client.enableVirtualStyleEndpoint();
    }
  }

  private static OkHttpClient.Builder connections(S3Settings.Patience patience) {
    ExecutorService threads =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("s3-", 0).factory());
    Dispatcher dispatcher = new Dispatcher(threads);
    dispatcher.setMaxRequests(CONNECTIONS);
    dispatcher.setMaxRequestsPerHost(CONNECTIONS);
    return new OkHttpClient.Builder()
        .dispatcher(dispatcher)
        .connectionPool(new ConnectionPool(CONNECTIONS / 4, 1, TimeUnit.MINUTES))
        .connectTimeout(patience.connectTimeout())
        .readTimeout(patience.readTimeout())
        .writeTimeout(patience.readTimeout());
  }

  private Provider credentials(S3Settings settings) {
    if (settings.credentials().isPresent()) {
      S3Settings.Credentials keys = settings.credentials().get();
      return new StaticProvider(keys.accessKey(), keys.secretKey(), null);
    }
    return new AwsKeys(http);
  }

  /**
   * Writes, reads and deletes an object, and finds out whether the service heeds conditions.
   * Answers or fails within seconds, also if the service is silent.
   *
   * @throws IOException if that does not work; the message says what is wrong
   */
  void tryOut() throws IOException {
    S3Bucket inHurry = hurried.orElse(this);
    try {
      // Before anything is sent, since a request would be tried again and again.
      var _ = inHurry.keys.fetch();
    } catch (ProviderException e) {
      throw new IOException(e.getMessage(), e);
    }
    conditional = inHurry.heedsConditions();
  }

  private boolean heedsConditions() throws IOException {
    String name = "probe/" + UUID.randomUUID();
    byte[] first = {1};
    String etag = put(name, first, first.length, Map.of());
    try {
      byte[] read = read(name, GetObjectResponse::readAllBytes).orElse(new byte[0]);
      if (!Arrays.equals(read, first)) {
        throw new IOException("what was stored as %s%s is not there".formatted(prefix, name));
      }
      return refusesOther(name, etag);
    } finally {
      delete(List.of(name));
    }
  }

  private boolean refusesOther(String name, String etag) throws IOException {
    Map<String, String> condition = Map.of("If-Match", "\"0" + etag + "\"");
    return calls.repeatable(
        "conditional PutObject " + prefix + name,
        () -> {
          try {
            String unusedEtag =
                client.putObject(bucket, prefix + name, new byte[] {2}, 1, condition);
            return false;
          } catch (ErrorResponseException e) {
            if (e.response().code() == 412 || e.response().code() == 501) {
              return e.response().code() == 412;
            }
            throw e;
          }
        });
  }

  /** Whether the service refuses to replace what is not as expected. */
  boolean isConditional() {
    return conditional;
  }

  /** Stores an object and answers its ETag. */
  String put(String name, byte[] data, int length, Map<String, String> metadata)
      throws IOException {
    Map<String, String> headers = headers(metadata);
    return calls.repeatable(
        "PutObject " + prefix + name,
        () -> client.putObject(bucket, prefix + name, data, length, headers));
  }

  /**
   * Replaces an object if it still has this ETag. Where the service does not heed the condition,
   * the ETag is looked at just before, so two writers at the same instant may both win.
   *
   * @param expectedEtag absent: there must be no such object
   * @param metadata must have a {@code revision} that no other write has: by it a write is known to
   *     have been done when its answer was lost
   */
  Replacement replace(
      String name,
      byte[] data,
      int length,
      Map<String, String> metadata,
      Optional<String> expectedEtag)
      throws IOException {
    Map<String, String> headers = new HashMap<>(headers(metadata));
    if (conditional) {
      expectedEtag.ifPresentOrElse(
          etag -> headers.put("If-Match", '"' + etag + '"'),
          () -> headers.put("If-None-Match", "*"));
    }
    try {
      return replace(name, data, length, metadata, expectedEtag, headers);
    } catch (S3UnavailableException e) {
      if (e.getCause() instanceof S3RequestException refused
          && refused.is("ConditionalRequestConflict")) {
        // The service is there; others write the object again and again, so one of them won.
        return outcome(head(name), metadata);
      }
      throw e;
    }
  }

  private Replacement replace(
      String name,
      byte[] data,
      int length,
      Map<String, String> metadata,
      Optional<String> expectedEtag,
      Map<String, String> headers)
      throws IOException {
    return calls.repeatable(
        "PutObject " + prefix + name,
        () -> {
          if (!conditional) {
            Optional<Head> now = head(name);
            if (!now.map(Head::etag).equals(expectedEtag)) {
              return outcome(now, metadata);
            }
          }
          try {
            return new Replacement.Done(
                client.putObject(bucket, prefix + name, data, length, headers));
          } catch (ErrorResponseException e) {
            if (e.response().code() == 412 || e.errorResponse().code().equals("NoSuchKey")) {
              // Ours may be the write that came first, when its answer was lost on the way.
              return outcome(head(name), metadata);
            }
            throw e;
          }
        });
  }

  private static Replacement outcome(Optional<Head> now, Map<String, String> wanted) {
    String revision = Objects.requireNonNull(wanted.get("revision"));
    return now.filter(head -> revision.equals(head.metadata().get("revision")))
        .<Replacement>map(head -> new Replacement.Done(head.etag()))
        .orElseGet(Replacement.Overtaken::new);
  }

  /** Size and metadata, empty if there is no such object. */
  Optional<Head> head(String name) throws IOException {
    try {
      return calls.repeatable(
          "HeadObject " + prefix + name,
          () -> {
            StatObjectResponse answer =
                S3Calls.await(
                    client.statObject(
                        StatObjectArgs.builder().bucket(bucket).object(prefix + name).build()));
            return Optional.of(new Head(answer.size(), answer.etag(), metadataOf(answer)));
          });
    } catch (S3RequestException e) {
      if (e.is("NoSuchKey")) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static Map<String, String> metadataOf(StatObjectResponse answer) {
    Map<String, String> metadata = new HashMap<>();
    String mark = METADATA.substring("x-amz-meta-".length());
    answer
        .userMetadata()
        .forEach(
            (name, value) -> {
              if (name.startsWith(mark)) {
                metadata.put(name.substring(mark.length()), value);
              }
            });
    return metadata;
  }

  /** Reads what an answer of GetObject brings. */
  interface Reader<T> {
    T read(GetObjectResponse answer) throws IOException;
  }

  /** Gets a whole object and has it read, again from the start if that fails on the way. */
  <T> Optional<T> read(String name, Reader<T> reader) throws IOException {
    try {
      return Optional.of(
          calls.repeatable(
              "GetObject " + prefix + name,
              () -> {
                try (GetObjectResponse answer = get(name, 0, -1)) {
                  return reader.read(answer);
                }
              }));
    } catch (S3RequestException e) {
      if (e.is("NoSuchKey")) {
        return Optional.empty();
      }
      throw e;
    }
  }

  static String etag(GetObjectResponse answer) {
    String quoted = Objects.requireNonNullElse(answer.headers().get("ETag"), "");
    return quoted.replace("\"", "");
  }

  /** The metadata that an object was stored with. */
  static String metadata(GetObjectResponse answer, String name) {
    return answer.headers().get(METADATA + name);
  }

  /**
   * Opens a range of an object.
   *
   * @param length at least 1, and not past the end
   */
  GetObjectResponse openRange(String name, long offset, long length) throws IOException {
    return calls.repeatable(
        "GetObject " + prefix + name,
        () -> {
          GetObjectResponse answer = get(name, offset, length);
          String sent = answer.headers().get("Content-Length");
          String range = answer.headers().get("Content-Range");
          boolean begins =
              range == null ? offset == 0 : range.startsWith("bytes %d-".formatted(offset));
          if (!begins || !Long.toString(length).equals(sent)) {
            answer.close();
            throw new IOException(
                "asked for %d bytes from %d on, but was sent %s bytes, range %s"
                    .formatted(length, offset, sent, range));
          }
          return answer;
        });
  }

  private GetObjectResponse get(String name, long offset, long length)
      throws IOException, MinioException, GeneralSecurityException {
    GetObjectArgs.Builder args = GetObjectArgs.builder().bucket(bucket).object(prefix + name);
    if (length >= 0) {
      args.offset(offset).length(length);
    }
    return S3Calls.await(client.getObject(args.build()));
  }

  /**
   * Deletes objects in batches; those that are absent are no error. One that fails does not keep
   * the others; what is thrown is the first failure.
   */
  void delete(List<String> names) throws IOException {
    IOException failure = null;
    for (int from = 0; from < names.size(); from += DELETES_A_REQUEST) {
      List<String> batch =
          names.subList(from, Math.min(names.size(), from + DELETES_A_REQUEST)).stream()
              .map(name -> prefix + name)
              .toList();
      try {
        List<DeleteError> errors =
            calls.repeatable("DeleteObjects", () -> client.deleteObjects(bucket, batch));
        for (DeleteError error : errors) {
          if (!error.code().equals("NoSuchKey")) {
            throw new IOException(
                "%d of %d objects were not deleted, the first since %s: %s"
                    .formatted(errors.size(), batch.size(), error.code(), error.message()));
          }
        }
      } catch (IOException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** All objects whose name begins so, by pages of 1000, the first of which is fetched now. */
  Stream<Listed> list(String start) throws IOException {
    return Stream.iterate(page(start, null), Objects::nonNull, page -> nextPage(start, page))
        .flatMap(page -> page.contents().stream())
        .map(item -> new Listed(item.objectName().substring(prefix.length()), item.size()));
  }

  private S3Client.Page nextPage(String start, S3Client.Page page) {
    if (!page.isTruncated() || page.contents().isEmpty()) {
      return null;
    }
    try {
      return page(start, page.contents().getLast().objectName());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private S3Client.Page page(String start, String after) throws IOException {
    return calls.repeatable(
        "ListObjectsV2 " + prefix + start, () -> client.listObjects(bucket, prefix + start, after));
  }

  /** Begins a multipart upload and answers its id. */
  String createMultipart(String name, Map<String, String> metadata) throws IOException {
    return calls.repeatable(
        "CreateMultipartUpload " + prefix + name,
        () ->
            S3Calls.await(
                    client.createMultipartUploadAsync(
                        bucket, null, prefix + name, S3Client.multimap(headers(metadata)), null))
                .result()
                .uploadId());
  }

  /** Stores a part in place of what the number had before, and answers its ETag. */
  String uploadPart(String name, String uploadId, int number, byte[] data, int length)
      throws IOException {
    return calls.repeatable(
        "UploadPart %d of %s%s".formatted(number, prefix, name),
        () ->
            S3Calls.await(
                    client.uploadPartAsync(
                        bucket, null, prefix + name, data, length, uploadId, number, null, null))
                .etag());
  }

  /**
   * Makes an object of the parts.
   *
   * @return whether it is known that these parts are the object; if not, somebody completed the
   *     upload, most likely an attempt of this call whose answer was lost, and an object of this
   *     size is there
   */
  boolean completeMultipart(String name, String uploadId, List<UploadedPart> parts, long size)
      throws IOException {
    Part[] list = new Part[parts.size()];
    for (int i = 0; i < list.length; i++) {
      list[i] = new Part(i + 1, parts.get(i).etag());
    }
    return calls.repeatable(
        "CompleteMultipartUpload " + prefix + name,
        () -> {
          try {
            return S3Calls.await(
                    client.completeMultipartUploadAsync(
                        bucket, null, prefix + name, uploadId, list, null, null))
                != null;
          } catch (ErrorResponseException e) {
            if (e.errorResponse().code().equals("NoSuchUpload")
                && head(name).filter(head -> head.size() == size).isPresent()) {
              return false;
            }
            throw e;
          }
        });
  }

  /** Drops a multipart upload and its parts; one that is gone is no error. */
  void abortMultipart(String name, String uploadId) throws IOException {
    try {
      calls.repeatable(
          "AbortMultipartUpload " + prefix + name,
          () ->
              S3Calls.await(
                  client.abortMultipartUploadAsync(
                      bucket, null, prefix + name, uploadId, null, null)));
    } catch (S3RequestException e) {
      if (!e.is("NoSuchUpload")) {
        throw e;
      }
    }
  }

  /** A URL that anybody can GET for a while. Asks nobody. */
  URI presigned(String name, Duration validity) throws IOException {
    try {
      return URI.create(
          client.getPresignedObjectUrl(
              GetPresignedObjectUrlArgs.builder()
                  .method(Method.GET)
                  .bucket(bucket)
                  .object(prefix + name)
                  .expiry(Math.toIntExact(validity.toSeconds()))
                  .build()));
    } catch (MinioException | GeneralSecurityException e) {
      throw new IOException("cannot sign a URL: " + e.getMessage(), e);
    }
  }

  private static Map<String, String> headers(Map<String, String> metadata) {
    Map<String, String> headers = new HashMap<>();
    metadata.forEach((name, value) -> headers.put(METADATA + name, value));
    return headers;
  }

  @Override
  public void close() {
    http.dispatcher().executorService().shutdown();
    http.connectionPool().evictAll();
  }
}
