package dev.stele.server;

import dev.stele.blob.BlobTooLargeException;
import dev.stele.blob.BodyReadException;
import dev.stele.blob.InsufficientStorageException;
import dev.stele.blob.StoreUnavailableException;
import dev.stele.oci.InvalidNameException;
import dev.stele.registry.Caller;
import dev.stele.registry.RegistryUnavailableException;
import dev.stele.server.audit.Audit;
import dev.stele.server.auth.Authenticator;
import dev.stele.server.config.Configuration;
import dev.stele.server.distribution.Distribution;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.ClientBodyException;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.RawPath;
import dev.stele.server.http.RefusedRequestException;
import dev.stele.server.http.Resource;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.EofException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * What happens to every request: it gets an id, its sender is authenticated, its address and method
 * are looked up, it is answered, and whatever goes wrong becomes an error in the specification's
 * form. Nothing else in the server turns exceptions into answers. Thread-safe.
 */
final class RequestDispatcher {
  private static final Logger logger = LoggerFactory.getLogger(RequestDispatcher.class);
  private static final String REQUEST_ID = "requestId";
  private static final Set<String> KNOWN_METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT");
  private static final Set<String> READS = Set.of("GET", "HEAD", "OPTIONS");

  private final Distribution distribution;
  private final Audit audit;
  private final Authenticator authenticator;
  private final MeterRegistry meters;
  private final long maxBodySize;
  private final Semaphore uploads;

  RequestDispatcher(
      Distribution distribution,
      Audit audit,
      Authenticator authenticator,
      MeterRegistry meters,
      Configuration.HttpLimits limits) {
    this.distribution = distribution;
    this.audit = audit;
    this.authenticator = authenticator;
    this.meters = meters;
    this.maxBodySize = limits.maxBodySize().bytes();
    int maxUploads = limits.maxUploads();
    this.uploads = new Semaphore(maxUploads);
    Gauge.builder("stele.http.uploads", uploads, free -> maxUploads - free.availablePermits())
        .description("Requests that write and are running now")
        .register(meters);
    Gauge.builder("stele.http.uploads.limit", () -> maxUploads)
        .description("How many requests that write may run at once")
        .register(meters);
  }

  /** Answers a request. Returns when the answer has been written or the client is gone. */
  void dispatch(HttpServletRequest request, HttpServletResponse response) {
    long start = System.nanoTime();
    String requestId = RequestIds.of(request.getHeader(RequestIds.HEADER));
    // Javalin presets text/plain, which is wrong for answers without a body.
    response.setContentType(null);
    response.setHeader(RequestIds.HEADER, requestId);
    response.setHeader("Docker-Distribution-API-Version", "registry/2.0");
    response.setHeader("X-Content-Type-Options", "nosniff");
    MDC.put(REQUEST_ID, requestId);
    Served served = new Served();
    try {
      serve(request, response, requestId, served);
    } finally {
      long nanos = System.nanoTime() - start;
      measure(request, response, served, nanos);
      MDC.remove(REQUEST_ID);
    }
  }

  /** What is known of a request for metrics and the log once it has been served. */
  private static final class Served {
    private String template = "unknown";
    private boolean aborted;
  }

  private void serve(
      HttpServletRequest request, HttpServletResponse response, String requestId, Served served) {
    Exchange exchange = null;
    try {
      try {
        // The query string may be malformed, but the answer to that needs an exchange too.
        exchange = Exchange.withoutQuery(request, response, requestId);
        RawPath path = RawPath.parse(Optional.ofNullable(request.getRequestURI()).orElse("/"));
        Optional<Resource> resource = distribution.find(path).or(() -> audit.find(path));
        resource.ifPresent(found -> served.template = found.template());
        Caller caller = caller(request, path, requestId);
        exchange = new Exchange(request, response, caller, maxBodySize);
        handle(exchange, resource);
      } catch (RefusedRequestException e) {
        answer(exchange, e.error(), served);
      } catch (InvalidNameException e) {
        answer(exchange, Refusals.toError(e), served);
      } catch (ClientBodyException e) {
        answer(exchange, e.error(), served);
      } catch (BodyReadException e) {
        answer(exchange, bodyError(e), served);
      } catch (RegistryUnavailableException e) {
        logger.warn("unavailable: {}", e.getMessage());
        answer(exchange, unavailable(e.getMessage()), served);
      } catch (StoreUnavailableException e) {
        logger.warn("unavailable: {}", e.getMessage());
        logger.debug("the store's failure", e);
        answer(
            exchange, unavailable("the blob store " + e.store() + " cannot be used now"), served);
      } catch (BlobTooLargeException e) {
        logger.warn("refused: {}", e.getMessage());
        answer(
            exchange, new DistributionError(413, ErrorCode.SIZE_INVALID, e.getMessage()), served);
      } catch (InsufficientStorageException e) {
        logger.error("no room left: {}", e.getMessage());
        answer(
            exchange,
            new DistributionError(507, ErrorCode.UNAVAILABLE, "the blob store has no room left"),
            served);
      }
    } catch (EofException e) {
      // The client went away while its answer was written.
      served.aborted = true;
      logger.debug("the client went away: {}", e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      unforeseen(exchange, requestId, e, served);
    } catch (IOException | RuntimeException e) {
      unforeseen(exchange, requestId, e, served);
    } catch (Error e) {
      logger.error("request {} failed", requestId, e);
      throw e;
    }
  }

  private Caller caller(HttpServletRequest request, RawPath path, String requestId) {
    if (Audit.open(path)) {
      return new Caller(Caller.ANONYMOUS, requestId);
    }
    return authenticator
        .authenticate(Optional.ofNullable(request.getHeader("Authorization")))
        .map(user -> new Caller(user, requestId))
        .orElseThrow(
            () ->
                new DistributionError(
                        401, ErrorCode.UNAUTHORIZED, "a user name and its password are required")
                    .with("WWW-Authenticate", authenticator.challenge())
                    .asException());
  }

  private void handle(Exchange exchange, Optional<Resource> resource)
      throws IOException, InterruptedException {
    if (resource.isEmpty()) {
      throw new DistributionError(404, ErrorCode.NOT_FOUND, "there is nothing at this address")
          .asException();
    }
    Optional<Resource.Handler> handler = resource.get().handler(exchange.method());
    if (handler.isEmpty()) {
      throw new DistributionError(
              405,
              ErrorCode.UNSUPPORTED,
              "this address answers " + resource.get().allowed() + " only")
          .with("Allow", resource.get().allowed())
          .asException();
    }
    if (READS.contains(exchange.method())) {
      handler.get().handle(exchange);
      return;
    }
    if (!resource.get().heedsPreconditions(exchange.method())) {
      exchange.refusePreconditions();
    }
    if (!uploads.tryAcquire()) {
      throw new DistributionError(
              429, ErrorCode.TOOMANYREQUESTS, "too many uploads at once; try again shortly")
          .with("Retry-After", "1")
          .asException();
    }
    try {
      handler.get().handle(exchange);
    } finally {
      uploads.release();
    }
  }

  private static DistributionError bodyError(BodyReadException e) {
    return e.getCause() instanceof ClientBodyException client
        ? client.error()
        : new DistributionError(400, ErrorCode.SIZE_INVALID, e.getMessage());
  }

  private static DistributionError unavailable(String message) {
    return new DistributionError(503, ErrorCode.UNAVAILABLE, message).with("Retry-After", "5");
  }

  private static void answer(Exchange exchange, DistributionError error, Served served)
      throws IOException {
    if (exchange.committed()) {
      // Too late for another status: only a broken connection tells the client.
      served.aborted = true;
      exchange.abort();
      return;
    }
    exchange.sendError(error);
  }

  private static void unforeseen(Exchange exchange, String requestId, Exception e, Served served) {
    if (Exchange.clientGone(e)) {
      served.aborted = true;
      logger.debug("the client went away: {}", e.toString());
      return;
    }
    logger.error("request {} failed", requestId, e);
    try {
      answer(
          exchange,
          new DistributionError(
              500,
              ErrorCode.UNKNOWN,
              "the server failed; its log says why under this request id",
              Map.of("requestId", requestId)),
          served);
    } catch (IOException again) {
      served.aborted = true;
      logger.debug("the answer could not be sent: {}", again.toString());
    }
  }

  private void measure(
      HttpServletRequest request, HttpServletResponse response, Served served, long nanos) {
    String method = KNOWN_METHODS.contains(request.getMethod()) ? request.getMethod() : "other";
    String status = served.aborted ? "aborted" : response.getStatus() / 100 + "xx";
    Timer.builder("stele.http.requests")
        .description("Requests answered, by kind of address, method and class of status")
        .tags("route", served.template, "method", method, "status", status)
        .register(meters)
        .record(nanos, TimeUnit.NANOSECONDS);
    if (logger.isDebugEnabled() || !READS.contains(request.getMethod())) {
      String line =
          "%s %s %s %.1f ms"
              .formatted(
                  method,
                  loggable(request.getRequestURI()),
                  served.aborted ? "aborted" : response.getStatus(),
                  nanos / 1e6);
      if (READS.contains(request.getMethod())) {
        logger.debug(line);
      } else {
        logger.info(line);
      }
    }
  }

  /** The path without its query, which is where tokens would be, and without control characters. */
  private static String loggable(String path) {
    String shown = path == null ? "-" : path.replaceAll("[^\\x21-\\x7e]", "?");
    return shown.length() > 400 ? shown.substring(0, 400) + "..." : shown;
  }
}
