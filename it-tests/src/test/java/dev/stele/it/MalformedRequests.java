package dev.stele.it;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.oci.Digest;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Makes random HTTP requests, most of them wrong somewhere: each part (method, path, query,
 * version, headers, body) is right, subtly wrong or rubbish, independently of the others, so that
 * some get past every check but the last. More than half are proper HTTP, since a server must not
 * only refuse what is not. Names of things that exist come from the test. The same seed, number and
 * names give the same request. Thread-safe.
 */
final class MalformedRequests {
  /**
   * What exists on the server.
   *
   * @param uploads ids of open upload sessions
   */
  record Known(
      String repository, String tag, Digest blob, Content manifest, List<String> uploads) {}

  private final long seed;
  private final Supplier<Known> known;

  /**
   * @param known asked for each request: some requests succeed, and so change what exists
   */
  MalformedRequests(long seed, Supplier<Known> known) {
    this.seed = seed;
    this.known = known;
  }

  /** That request. */
  Request request(int number) {
    return new Builder(new Random(seed * 1_000_003 + number), known.get()).build();
  }

  /** A request as it goes out. Compare bytes, not records. */
  @SuppressWarnings("ArrayRecordComponent")
  record Request(byte[] bytes) {
    private static final int SHOWN = 1_500;

    /** All before the body, or all if nothing ends it. */
    String head() {
      String text = new String(bytes, ISO_8859_1);
      int end = text.indexOf("\r\n\r\n");
      return end < 0 ? text : text.substring(0, end);
    }

    /** Whether there is a whole head, so that a server must answer. */
    boolean headComplete() {
      return head().length() < bytes.length;
    }

    @Override
    public String toString() {
      String text = new String(bytes, ISO_8859_1);
      return text.length() <= SHOWN
          ? text
          : text.substring(0, SHOWN) + "... (" + text.length() + " bytes)";
    }
  }

  /** The making of one request. */
  private static final class Builder {
    private final Random random;
    private final Known known;

    /** Whether it may be wrong as HTTP; otherwise only in what it asks of the registry. */
    private final boolean broken;

    Builder(Random random, Known known) {
      this.random = random;
      this.known = known;
      this.broken = chance(40);
    }

    private boolean chance(int percent) {
      return random.nextInt(100) < percent;
    }

    /** A chance that only a request has which may be wrong as HTTP. */
    private boolean breaks(int percent) {
      return broken && chance(percent);
    }

    private String pick(String... from) {
      return from[random.nextInt(from.length)];
    }

    private String either(int percentOdd, String[] odd, Supplier<String> right) {
      return chance(percentOdd) ? pick(odd) : right.get();
    }

    private String name() {
      return either(12, OddParts.NAMES, () -> chance(85) ? known.repository() : "fuzz/other");
    }

    private String digest() {
      return either(
          20,
          OddParts.DIGESTS,
          () -> (chance(50) ? known.blob() : known.manifest().digest()).toString());
    }

    private String reference() {
      return chance(40) ? digest() : either(25, OddParts.TAGS, known::tag);
    }

    private String upload() {
      return either(20, OddParts.IDS, () -> pick(known.uploads().toArray(String[]::new)));
    }

    private String path() {
      return switch (random.nextInt(14)) {
        case 0 -> "/v2/" + name() + "/tags/list";
        case 1, 2, 3 -> "/v2/" + name() + "/manifests/" + reference();
        case 4 -> "/v2/" + name() + "/blobs/" + digest();
        case 5, 6 -> "/v2/" + name() + "/blobs/uploads/";
        case 7, 8, 9 -> "/v2/" + name() + "/blobs/uploads/" + upload();
        case 10 -> "/v2/" + name() + "/referrers/" + digest();
        case 11 ->
            chance(50)
                ? "/v2/" + name() + "/_oci/tag-history/" + reference()
                : "/api/v1/repositories/" + name() + "/-/tags/" + reference() + "/history";
        case 12 -> pick("/api/v1/events", "/v2/_catalog", "/v2", "/v2/", "/metrics", "/readyz");
        default -> breaks(50) ? pick(OddParts.PATHS) : "/" + name() + "/" + name();
      };
    }

    /** A method, mostly one that the address answers. */
    private String method(String path) {
      if (chance(15)) {
        return pick("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE");
      }
      if (path.endsWith("/uploads/")) {
        return "POST";
      }
      if (path.contains("/uploads/")) {
        return pick("PATCH", "PATCH", "PUT", "PUT", "GET");
      }
      return path.contains("/manifests/") ? pick("PUT", "PUT", "GET") : pick("GET", "HEAD");
    }

    private String query() {
      StringBuilder query = new StringBuilder(chance(97) ? "?" : "");
      for (int i = random.nextInt(4); i >= 0; i--) {
        String name = pick(OddParts.PARAMETERS);
        query.append(name).append(chance(95) ? "=" : "");
        query.append(
            switch (name) {
              case "digest", "mount" -> digest();
              case "from", "repository" -> name();
              case "tag" -> either(30, OddParts.TAGS, known::tag);
              default -> pick(OddParts.VALUES);
            });
        query.append(chance(95) ? "&" : "");
      }
      return chance(2) ? query + "tag=x&".repeat(300) : query.toString();
    }

    /** The text with a few characters replaced or added. */
    private String mutated(String text) {
      StringBuilder changed = new StringBuilder(text);
      for (int i = random.nextInt(3); i >= 0; i--) {
        int at = random.nextInt(changed.length() + 1);
        switch (random.nextInt(3)) {
          case 0 -> changed.insert(at, (char) random.nextInt(256));
          case 1 -> changed.insert(at, pick("%2f", "../", "%", "\r\n", " ", "%00"));
          default -> changed.delete(at, Math.min(changed.length(), at + 1 + random.nextInt(3)));
        }
      }
      return changed.toString();
    }

    private byte[] body() {
      return switch (random.nextInt(6)) {
        case 0 -> pick(OddParts.BODIES).getBytes(UTF_8);
        case 1, 2 -> known.manifest().bytes();
        case 3 -> mutated(new String(known.manifest().bytes(), ISO_8859_1)).getBytes(ISO_8859_1);
        case 4 -> new byte[0];
        default -> {
          byte[] noise = new byte[random.nextInt(chance(3) ? 200_000 : 2_000)];
          random.nextBytes(noise);
          yield noise;
        }
      };
    }

    private byte[] chunked(byte[] body) {
      String size = breaks(30) ? pick(OddParts.CHUNK_SIZES) : Integer.toHexString(body.length);
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      if (body.length > 0) {
        out.writeBytes((size + (breaks(10) ? "\n" : "\r\n")).getBytes(ISO_8859_1));
        out.writeBytes(body);
        out.writeBytes((breaks(15) ? "" : "\r\n").getBytes(ISO_8859_1));
      }
      out.writeBytes("0\r\n".getBytes(ISO_8859_1));
      out.writeBytes((breaks(15) ? "X-Trailer: \u0000\r\n\r\n" : "\r\n").getBytes(ISO_8859_1));
      return out.toByteArray();
    }

    private String headers(boolean chunked, int length) {
      StringBuilder headers = new StringBuilder();
      if (!breaks(5)) {
        headers.append("Host: ").append(breaks(10) ? pick(OddParts.NAMES) : "localhost");
        headers.append("\r\n");
      }
      if (chunked) {
        headers.append("Transfer-Encoding: ");
        headers.append(breaks(40) ? pick(OddParts.ENCODINGS) : "chunked").append("\r\n");
      }
      if (chunked ? breaks(10) : !breaks(5)) {
        headers.append("Content-Length: ");
        headers.append(breaks(20) ? pick(OddParts.LENGTHS) : length).append("\r\n");
      }
      if (chance(90)) {
        String type = either(12, OddParts.TYPES, () -> known.manifest().mediaType());
        headers.append("Content-Type: ").append(type).append("\r\n");
      }
      for (int i = random.nextInt(4); i > 0; i--) {
        headers.append(breaks(30) ? pick(OddParts.HEADERS) : header(length));
      }
      return headers.toString();
    }

    /** A header that is proper HTTP; no request asks for a stream, which would not end. */
    private String header(int length) {
      return switch (random.nextInt(10)) {
            case 0 -> "Content-Range: " + pick(OddParts.RANGES);
            case 1 -> "Content-Range: 0-" + (length - 1);
            case 2 -> "Range: " + pick(OddParts.RANGES);
            case 3 -> "If-None-Match: " + pick(OddParts.VALUES);
            case 4 -> "If-Range: \"" + known.blob() + '"';
            case 5 -> "Authorization: " + pick("Basic", "Basic %%%", "Bearer x", "Basic eA==");
            case 6 -> "Expect: 100-continue";
            case 7 -> "X-Request-Id: " + pick(OddParts.VALUES);
            case 8 -> "Accept: " + pick(OddParts.TYPES);
            default -> "Last-Event-ID: " + pick(OddParts.VALUES);
          }
          + "\r\n";
    }

    Request build() {
      byte[] body = body();
      boolean chunked = chance(25);
      byte[] sent = chunked && !breaks(10) ? chunked(body) : body;
      String path = path();
      String target = path + (chance(50) ? query() : "");
      String head =
          (breaks(15) ? pick(OddParts.METHODS) : method(path))
              + (breaks(3) ? "  " : " ")
              + (breaks(15) ? mutated(target) : target)
              + " "
              + (breaks(10) ? pick(OddParts.VERSIONS) : "HTTP/1.1")
              + "\r\n"
              + headers(chunked, sent.length)
              + "\r\n";
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      out.writeBytes((breaks(10) ? mutated(head) : head).getBytes(ISO_8859_1));
      out.writeBytes(sent);
      byte[] whole = out.toByteArray();
      return new Request(
          breaks(8) ? Arrays.copyOf(whole, random.nextInt(whole.length + 1)) : whole);
    }
  }
}
