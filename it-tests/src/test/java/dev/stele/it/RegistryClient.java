package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * A client of the distribution API that is small enough to read, in two layers: {@link #send} says
 * exactly what is asked and shows the whole answer; the other methods do what clients do and throw
 * {@link UnexpectedAnswerException} when the registry refuses. Safe for use by several threads.
 */
final class RegistryClient {
  static final String OCTETS = "application/octet-stream";
  private static final Duration TIMEOUT = Duration.ofMinutes(3);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI base;
  private final HttpClient http;

  RegistryClient(URI base) {
    this.base = base;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(10))
            .build();
  }

  /** Host and port of the registry, as they begin an image's name. */
  String authority() {
    return base.getAuthority();
  }

  // The plain layer

  /**
   * Sends a request without a body.
   *
   * @param path absolute path and query, or a whole address as a Location header gives it
   * @param headers names and values in turn
   */
  HttpResponse<byte[]> send(String method, String path, String... headers) {
    return send(method, path, BodyPublishers.noBody(), headers);
  }

  /** Sends a request with these bytes as its body. */
  HttpResponse<byte[]> send(String method, String path, byte[] body, String... headers) {
    return send(method, path, BodyPublishers.ofByteArray(body), headers);
  }

  /** Sends a request; a body of unknown length goes out chunked. */
  HttpResponse<byte[]> send(String method, String path, BodyPublisher body, String... headers) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(base.resolve(path)).method(method, body).timeout(TIMEOUT);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return exchange(request.build(), BodyHandlers.ofByteArray());
  }

  /** Sends a GET whose answer the caller reads as it comes, and closes. */
  HttpResponse<InputStream> stream(String path, String... headers) {
    HttpRequest.Builder request = HttpRequest.newBuilder(base.resolve(path)).timeout(TIMEOUT);
    if (headers.length > 0) {
      request.headers(headers);
    }
    return exchange(request.build(), BodyHandlers.ofInputStream());
  }

  private <T> HttpResponse<T> exchange(HttpRequest request, HttpResponse.BodyHandler<T> handler) {
    try {
      return http.send(request, handler);
    } catch (IOException e) {
      throw new UncheckedIOException(request.method() + " " + request.uri() + ": " + e, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted during " + request.uri(), e);
    }
  }

  private static HttpResponse<byte[]> expect(HttpResponse<byte[]> answer, int... statuses) {
    if (Arrays.stream(statuses).noneMatch(status -> status == answer.statusCode())) {
      throw new UnexpectedAnswerException(answer, statuses);
    }
    return answer;
  }

  /** The answer's body as JSON. */
  static JsonNode json(HttpResponse<byte[]> answer) {
    try {
      return JSON.readTree(answer.body());
    } catch (IOException e) {
      throw new UncheckedIOException("not JSON: " + new String(answer.body(), UTF_8), e);
    }
  }

  /** The value of a header that the answer must have. */
  static String header(HttpResponse<?> answer, String name) {
    return answer
        .headers()
        .firstValue(name)
        .orElseThrow(
            () -> new AssertionError("no " + name + " in " + answer + ": " + answer.headers()));
  }

  /** An upload's Location with a query parameter added. */
  static String withQuery(String location, String name, String value) {
    return location
        + (location.indexOf('?') >= 0 ? '&' : '?')
        + name
        + '='
        + URLEncoder.encode(value, UTF_8);
  }

  // Blobs

  /** Begins an upload and returns its Location. */
  String startUpload(String repository) {
    return header(expect(send("POST", uploads(repository)), 202), "Location");
  }

  /** POST, then one PUT with the whole body, as containerd and buildkit do. */
  Digest pushBlob(String repository, byte[] bytes) {
    Digest digest = Digest.of(Digest.Algorithm.SHA256, bytes);
    String location = withQuery(startUpload(repository), "digest", digest.toString());
    expect(send("PUT", location, bytes, "Content-Type", OCTETS), 201);
    return digest;
  }

  /** POST, one PATCH without a length known beforehand, PUT, as docker and podman do. */
  Digest pushBlobStreamed(String repository, Digest digest, Supplier<InputStream> bytes) {
    HttpResponse<byte[]> patched =
        expect(
            send(
                "PATCH",
                startUpload(repository),
                BodyPublishers.ofInputStream(bytes),
                "Content-Type",
                OCTETS),
            202);
    String finish = withQuery(header(patched, "Location"), "digest", digest.toString());
    expect(send("PUT", finish), 201);
    return digest;
  }

  /** POST, PATCHes of at most {@code chunkSize} bytes each with a Content-Range, PUT. */
  Digest pushBlobChunked(String repository, byte[] bytes, int chunkSize) {
    String location = startUpload(repository);
    for (int start = 0; start < bytes.length; start += chunkSize) {
      int end = Math.min(bytes.length, start + chunkSize);
      HttpResponse<byte[]> patched =
          send(
              "PATCH",
              location,
              Arrays.copyOfRange(bytes, start, end),
              "Content-Type",
              OCTETS,
              "Content-Range",
              start + "-" + (end - 1));
      location = header(expect(patched, 202), "Location");
    }
    Digest digest = Digest.of(Digest.Algorithm.SHA256, bytes);
    expect(send("PUT", withQuery(location, "digest", digest.toString())), 201);
    return digest;
  }

  byte[] blob(String repository, Digest digest) {
    return expect(send("GET", blobPath(repository, digest)), 200).body();
  }

  /** The blob as a stream, which the caller closes. */
  HttpResponse<InputStream> blobStream(String repository, Digest digest) {
    return stream(blobPath(repository, digest));
  }

  boolean hasBlob(String repository, Digest digest) {
    return expect(send("HEAD", blobPath(repository, digest)), 200, 404).statusCode() == 200;
  }

  // Manifests

  /** Puts a manifest and returns the digest that the registry answered. */
  Digest putManifest(String repository, String reference, Content manifest) {
    HttpResponse<byte[]> answer =
        send(
            "PUT",
            manifestPath(repository, reference),
            manifest.bytes(),
            "Content-Type",
            manifest.mediaType());
    return Digest.parse(header(expect(answer, 201), "Docker-Content-Digest"));
  }

  /** The manifest with its media type; its digest is computed from the bytes received. */
  Content manifest(String repository, String reference) {
    HttpResponse<byte[]> answer =
        expect(
            send(
                "GET",
                manifestPath(repository, reference),
                "Accept",
                String.join(", ", accepted())),
            200);
    return Content.of(header(answer, "Content-Type"), answer.body());
  }

  boolean hasTag(String repository, String tag) {
    return expect(send("HEAD", manifestPath(repository, tag)), 200, 404).statusCode() == 200;
  }

  private static List<String> accepted() {
    return MediaTypes.MANIFESTS.stream().sorted().toList();
  }

  /** Pushes an image: what its manifest needs, then the manifest under that tag. */
  void push(String repository, String tag, ImageFixture.Image image) {
    pushBlob(repository, image.config().bytes());
    for (Content layer : image.layers()) {
      pushBlob(repository, layer.bytes());
    }
    putManifest(repository, tag, image.manifest());
  }

  /** Pushes a multi-platform image: its children by digest, then the index under that tag. */
  void push(String repository, String tag, ImageFixture.MultiPlatform images) {
    for (ImageFixture.Image image : images.children()) {
      push(repository, image.manifest().digest().toString(), image);
    }
    putManifest(repository, tag, images.index());
  }

  List<String> tags(String repository) {
    List<String> tags = new ArrayList<>();
    for (JsonNode tag :
        json(expect(send("GET", "/v2/" + repository + "/tags/list"), 200)).required("tags")) {
      tags.add(tag.asText());
    }
    return tags;
  }

  // The record

  /** All events, page after page. */
  List<RecordedEvent> events() {
    return events("", OptionalLong.empty());
  }

  /** All events of one repository. */
  List<RecordedEvent> eventsOf(String repository) {
    return events("&repository=" + URLEncoder.encode(repository, UTF_8), OptionalLong.empty());
  }

  /** All events after that position. */
  List<RecordedEvent> eventsAfter(long position) {
    return events("", OptionalLong.of(position));
  }

  private List<RecordedEvent> events(String filter, OptionalLong after) {
    List<RecordedEvent> events = new ArrayList<>();
    OptionalLong cursor = after;
    while (true) {
      String query =
          "?limit=1000" + filter + (cursor.isPresent() ? "&after=" + cursor.getAsLong() : "");
      JsonNode page = json(expect(send("GET", "/api/v1/events" + query), 200));
      JsonNode found = page.isArray() ? page : page.required("items");
      if (found.isEmpty()) {
        return events;
      }
      for (JsonNode event : found) {
        events.add(RecordedEvent.of(event));
      }
      cursor = OptionalLong.of(events.getLast().position());
    }
  }

  /** The metrics in the Prometheus text format, a line each. */
  List<String> metrics() {
    return new String(expect(send("GET", "/metrics"), 200).body(), UTF_8).lines().toList();
  }

  // Paths

  static String uploads(String repository) {
    return "/v2/" + repository + "/blobs/uploads/";
  }

  static String blobPath(String repository, Digest digest) {
    return "/v2/" + repository + "/blobs/" + digest;
  }

  static String manifestPath(String repository, String reference) {
    return "/v2/" + repository + "/manifests/" + reference;
  }
}
