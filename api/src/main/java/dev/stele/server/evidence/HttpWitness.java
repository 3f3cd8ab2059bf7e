package dev.stele.server.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.merkle.Hash;
import dev.stele.merkle.SignedNote;
import dev.stele.registry.Witness;
import dev.stele.server.http.OutgoingRequests;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A witness that is asked as C2SP tlog-witness has it. Thread-safe. */
public final class HttpWitness implements Witness {
  /** How long it may take for a whole answer. */
  public static final Duration TIMEOUT = Duration.ofSeconds(10);

  /** Some signatures, and ML-DSA's are long. */
  private static final int LARGEST = 64 << 10;

  private static final int QUOTED = 200;
  private static final Pattern SIZE = Pattern.compile("(0|[1-9][0-9]{0,17})\n?");

  private final String url;
  private final URI address;
  private final OutgoingRequests requests;

  /**
   * A witness.
   *
   * @param url what stands before {@code /add-checkpoint}
   * @param timeout for a whole answer
   * @throws IllegalArgumentException if it is none of HTTP
   */
  public HttpWitness(String url, Duration timeout) {
    this.url = url;
    this.address = URI.create(checked(url).replaceFirst("/+\\z", "") + "/add-checkpoint");
    this.requests = new OutgoingRequests(timeout);
  }

  /**
   * Refuses what cannot be a witness's address.
   *
   * @return the same
   * @throws IllegalArgumentException saying what it must be
   */
  public static String checked(String url) {
    URI uri;
    try {
      uri = URI.create(url);
    } catch (IllegalArgumentException e) {
      throw notAnAddress(url, e);
    }
    if (!("http".equals(uri.getScheme()) || "https".equals(uri.getScheme()))
        || uri.getHost() == null
        || uri.getRawUserInfo() != null
        || uri.getRawQuery() != null
        || uri.getRawFragment() != null) {
      throw notAnAddress(url, null);
    }
    return url;
  }

  private static IllegalArgumentException notAnAddress(String url, Throwable cause) {
    return new IllegalArgumentException(
        "the address of a witness must be http://HOST/... or https://HOST/..., without a user, ? and #, not \"%s\""
            .formatted(url),
        cause);
  }

  @Override
  public Answer add(long oldSize, List<Hash> consistency, SignedNote note)
      throws InterruptedException {
    StringBuilder body = new StringBuilder("old ").append(oldSize).append('\n');
    consistency.forEach(hash -> body.append(hash).append('\n'));
    body.append('\n').append(note);
    HttpRequest request =
        HttpRequest.newBuilder(address)
            .header("Content-Type", "text/plain; charset=utf-8")
            .header("User-Agent", "Stele")
            .POST(BodyPublishers.ofByteArray(body.toString().getBytes(UTF_8)))
            .build();
    try {
      return judge(requests.send(request, BodyHandlers.limiting(BodyHandlers.ofString(), LARGEST)));
    } catch (IOException e) {
      return new Answer.Failed(e.getMessage());
    }
  }

  private static Answer judge(HttpResponse<String> answer) {
    int status = answer.statusCode();
    return switch (status) {
      case 200 -> new Answer.Cosigned(answer.body());
      case 409 -> {
        Matcher size = SIZE.matcher(answer.body());
        yield size.matches()
            ? new Answer.OtherSize(Long.parseLong(size.group(1)))
            : new Answer.Failed("answered 409 without a size" + said(answer));
      }
      case 422 -> new Answer.Contradicted("answered 422" + said(answer));
      case 403 ->
          new Answer.Failed(
              "answered 403: it does not know the keys of the log, which stele log keys prints"
                  + said(answer));
      case 404 ->
          new Answer.Failed(
              "answered 404: it does not know the log, or this is not where it takes checkpoints"
                  + said(answer));
      default -> new Answer.Failed("answered " + status + said(answer));
    };
  }

  /** The beginning of what it said, in one line. */
  private static String said(HttpResponse<String> answer) {
    String text = answer.body().strip().replaceAll("[\\s\\p{Cntrl}]+", " ");
    return text.isEmpty()
        ? ""
        : " (\"" + (text.length() > QUOTED ? text.substring(0, QUOTED) + "..." : text) + "\")";
  }

  @Override
  public String url() {
    return url;
  }

  @Override
  public void close() {
    requests.close();
  }
}
