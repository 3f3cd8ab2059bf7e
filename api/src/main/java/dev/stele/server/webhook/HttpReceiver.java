package dev.stele.server.webhook;

import dev.stele.log.LogIdentity;
import dev.stele.registry.EventEntry;
import dev.stele.registry.WebhookReceiver;
import dev.stele.server.audit.CloudEvents;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;

/**
 * Sends events to a URL: one a request, as a structured CloudEvent, with the headers and signatures
 * of <a href="https://www.standardwebhooks.com">Standard Webhooks</a>. Any 2xx means that it was
 * taken, 410 that nothing is wanted any more, anything else that it must be sent again. Redirects
 * are not followed: the receiver would be another than the one that was configured.
 */
public final class HttpReceiver implements WebhookReceiver {
  private final WebhookSettings settings;
  private final CloudEvents cloudEvents;
  private final HttpClient client;

  /** A receiver that is sent messages as configured. */
  public HttpReceiver(WebhookSettings settings, CloudEvents cloudEvents) {
    this.settings = settings;
    this.cloudEvents = cloudEvents;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(settings.timeout())
            .build();
  }

  @Override
  public Answer deliver(LogIdentity log, EventEntry event) throws InterruptedException {
    // HttpRequest's own timeout ends with the headers; the answer's body may stop, too.
    CompletableFuture<HttpResponse<Void>> answer =
        client.sendAsync(request(log, event), BodyHandlers.discarding());
    try {
      return judge(answer.get(settings.timeout().toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      return failed("no answer within " + settings.timeout());
    } catch (ExecutionException e) {
      return failed(reason(e.getCause()));
    } finally {
      // Gives up the connection unless the answer is complete.
      answer.cancel(true);
    }
  }

  private HttpRequest request(LogIdentity log, EventEntry event) {
    byte[] body = cloudEvents.bytes(log, event);
    String id =
        "evt_"
            + log.id()
            + "_"
            + log.epoch(event.position()).map(epoch -> epoch + "_").orElse("")
            + event.position();
    Instant now = Instant.now();
    return HttpRequest.newBuilder(settings.url())
        .header("Content-Type", CloudEvents.EVENT_TYPE)
        .header("User-Agent", "Stele")
        .header("webhook-id", id)
        .header("webhook-timestamp", Long.toString(now.getEpochSecond()))
        .header(
            "webhook-signature",
            settings.secrets().stream()
                .map(secret -> secret.sign(id, now, body))
                .collect(Collectors.joining(" ")))
        .POST(BodyPublishers.ofByteArray(body))
        .build();
  }

  private static Answer judge(HttpResponse<Void> answer) {
    int status = answer.statusCode();
    if (status / 100 == 2) {
      return new Answer.Taken();
    }
    if (status == 410) {
      return new Answer.Gone("answered 410: the receiver wants no more");
    }
    String reason =
        status / 100 == 3
            ? "answered " + status + "; redirects are not followed"
            : "answered " + status;
    return new Answer.Failed(
        reason,
        answer
            .headers()
            .firstValue("Retry-After")
            .flatMap(text -> RetryAfter.parse(text, Instant.now())));
  }

  private Answer failed(String reason) {
    return new Answer.Failed(reason, Optional.<Duration>empty());
  }

  /** The client's own messages are often empty, and none says where it was going. */
  private static String reason(Throwable cause) {
    return switch (cause) {
      case HttpConnectTimeoutException _ -> "cannot connect in time";
      case ConnectException e when causedBy(e, UnresolvedAddressException.class) ->
          "cannot connect: the host is unknown";
      case ConnectException _ -> "cannot connect";
      case IOException e when e.getMessage() != null -> "the connection failed: " + e.getMessage();
      default -> "the connection failed: " + cause.getClass().getSimpleName();
    };
  }

  private static boolean causedBy(Throwable thrown, Class<? extends Throwable> type) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (type.isInstance(cause)) {
        return true;
      }
    }
    return false;
  }

  @Override
  public String address() {
    return WebhookSettings.address(settings.url());
  }

  @Override
  public void close() {
    client.shutdownNow();
  }
}
