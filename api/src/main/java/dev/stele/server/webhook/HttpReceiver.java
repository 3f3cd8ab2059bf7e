package dev.stele.server.webhook;

import dev.stele.log.LogIdentity;
import dev.stele.registry.EventEntry;
import dev.stele.registry.WebhookReceiver;
import dev.stele.server.audit.CloudEvents;
import dev.stele.server.http.OutgoingRequests;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
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
  private final OutgoingRequests requests;

  /** A receiver that is sent messages as configured. */
  public HttpReceiver(WebhookSettings settings, CloudEvents cloudEvents) {
    this.settings = settings;
    this.cloudEvents = cloudEvents;
    this.requests = new OutgoingRequests(settings.timeout());
  }

  @Override
  public Answer deliver(LogIdentity log, EventEntry event) throws InterruptedException {
    try {
      return judge(requests.send(request(log, event), BodyHandlers.discarding()));
    } catch (IOException e) {
      return new Answer.Failed(e.getMessage(), Optional.<Duration>empty());
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

  @Override
  public String address() {
    return WebhookSettings.address(settings.url());
  }

  @Override
  public void close() {
    requests.close();
  }
}
