package dev.stele.server;

import dev.stele.event.Identity;
import dev.stele.server.auth.Credential;
import dev.stele.server.http.TrustedProxies.Arrival;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * What is kept of requests that were answered: a line in the log with fields for programs, and
 * times for metrics. Neither has a query string or a header that could carry a secret. Reads that
 * succeed are logged at level DEBUG, all else at INFO. Thread-safe.
 */
final class RequestLog {
  private static final Logger logger = LoggerFactory.getLogger(RequestLog.class);
  private static final Set<String> KNOWN_METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT");
  private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");
  private static final int LONGEST_TEXT = 400;

  /** Upper bounds of the histogram: from a look-up in memory to the upload of a large layer. */
  private static final Duration[] BUCKETS = {
    Duration.ofMillis(1),
    Duration.ofMillis(5),
    Duration.ofMillis(10),
    Duration.ofMillis(25),
    Duration.ofMillis(50),
    Duration.ofMillis(100),
    Duration.ofMillis(250),
    Duration.ofMillis(500),
    Duration.ofSeconds(1),
    Duration.ofSeconds(5),
    Duration.ofSeconds(30),
    Duration.ofMinutes(5)
  };

  private final MeterRegistry meters;

  RequestLog(MeterRegistry meters) {
    this.meters = meters;
  }

  static boolean reads(String method) {
    return READS.contains(method);
  }

  /** A request while it is served. Not thread-safe. */
  static final class Served {
    private final Arrival origin;
    private String template = "unknown";
    private String user = Identity.NOBODY.name();
    private Optional<Credential> unproven = Optional.empty();
    private boolean aborted;

    Served(Arrival origin) {
      this.origin = origin;
    }

    /** From where it came. */
    Arrival origin() {
      return origin;
    }

    /** Which kind of address it is for. */
    void at(String resource) {
      template = resource;
    }

    /** Who sent it, as far as that is known to be true. */
    void by(String name) {
      user = name;
      unproven = Optional.empty();
    }

    /** What it has that is to prove who sent it, until that is known. */
    void claimedBy(Optional<Credential> credential) {
      unproven = credential;
    }

    /** The answer did not reach the client, or not all of it. */
    void abort() {
      aborted = true;
    }
  }

  /** Notes a request that took so long. */
  void add(HttpServletRequest request, HttpServletResponse response, Served served, long nanos) {
    String method = KNOWN_METHODS.contains(request.getMethod()) ? request.getMethod() : "other";
    String status = served.aborted ? "aborted" : Integer.toString(response.getStatus());
    Timer.builder("stele.http.requests")
        .description("Time until a request was answered, by kind of address, method and status")
        .tags("route", served.template, "method", method, "status", status)
        .serviceLevelObjectives(BUCKETS)
        .register(meters)
        .record(nanos, TimeUnit.NANOSECONDS);
    boolean usual = READS.contains(method) && !served.aborted && response.getStatus() < 400;
    Level level = usual ? Level.DEBUG : Level.INFO;
    if (!logger.isEnabledForLevel(level)) {
      return;
    }
    ServletContextRequest context = ServletContextRequest.getServletContextRequest(request);
    long received = Math.max(0, Request.getContentBytesRead(context));
    long sent = Math.max(0, Response.getContentBytesWritten(context.getServletContextResponse()));
    String user = text(served.user);
    Optional<String> claimed = served.unproven.flatMap(Credential::claimed).map(RequestLog::text);
    String path = text(request.getRequestURI());
    String agent = text(request.getHeader("User-Agent"));
    LoggingEventBuilder line = logger.atLevel(level).addKeyValue("user", user);
    if (claimed.isPresent()) {
      line = line.addKeyValue("claimedUser", claimed.get());
    }
    line.addKeyValue("address", served.origin.address())
        .addKeyValue("method", method)
        .addKeyValue("path", path)
        .addKeyValue("status", status)
        .addKeyValue("seconds", nanos / 1e9)
        .addKeyValue("bytesReceived", received)
        .addKeyValue("bytesSent", sent)
        .addKeyValue("userAgent", agent)
        .log(
            () ->
                method
                    + (' ' + path + ' ' + status + ' ' + Math.round(nanos / 1e5) / 10.0 + " ms, ")
                    + (received + " bytes in, " + sent + " out, by " + user)
                    + claimed.map(" (claimed: %s)"::formatted).orElse("")
                    + (" at " + served.origin.address() + " with " + agent));
  }

  /** What a client sent, short and without anything that could look like another line or field. */
  static String text(String sent) {
    if (sent == null || sent.isBlank()) {
      return "-";
    }
    StringBuilder shown = new StringBuilder();
    int end = Math.min(sent.length(), LONGEST_TEXT);
    for (int i = 0; i < end; i++) {
      char c = sent.charAt(i);
      shown.append(c >= 0x20 && c <= 0x7e ? c : '?');
    }
    return end < sent.length() ? shown.append("...").toString() : shown.toString();
  }
}
