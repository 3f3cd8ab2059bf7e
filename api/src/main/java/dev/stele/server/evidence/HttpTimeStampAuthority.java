package dev.stele.server.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.registry.TimeStampAuthority;
import dev.stele.server.http.OutgoingRequests;
import dev.stele.timestamp.TimeStamp;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Base64;

/** A time-stamp authority that is asked over HTTP (RFC 3161, section 3.4). Thread-safe. */
public final class HttpTimeStampAuthority implements TimeStampAuthority {
  /** How long it may take for a whole answer. */
  public static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final TimeStampSettings settings;
  private final OutgoingRequests requests;

  /**
   * An authority.
   *
   * @param timeout for a whole answer
   */
  public HttpTimeStampAuthority(TimeStampSettings settings, Duration timeout) {
    this.settings = settings;
    this.requests = new OutgoingRequests(timeout);
  }

  @Override
  public byte[] ask(byte[] query) throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(settings.url())
            .header("Content-Type", "application/timestamp-query")
            .header("Accept", "application/timestamp-reply")
            .header("User-Agent", "Stele")
            .POST(BodyPublishers.ofByteArray(query));
    settings
        .login()
        .ifPresent(
            login ->
                request.header(
                    "Authorization",
                    "Basic "
                        + Base64.getEncoder()
                            .encodeToString(
                                (login.user() + ":" + login.password()).getBytes(UTF_8))));
    HttpResponse<byte[]> answer =
        requests.send(
            request.build(), BodyHandlers.limiting(BodyHandlers.ofByteArray(), TimeStamp.LARGEST));
    if (answer.statusCode() != 200) {
      throw new IOException("answered " + answer.statusCode());
    }
    return answer.body();
  }

  @Override
  public void close() {
    requests.close();
  }
}
