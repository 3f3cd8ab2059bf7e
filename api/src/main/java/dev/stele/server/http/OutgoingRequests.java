package dev.stele.server.http;

import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Sends requests to who was configured. Redirects are not followed: the receiver would be another.
 * Thread-safe.
 */
public final class OutgoingRequests implements AutoCloseable {
  private final HttpClient client;
  private final Duration timeout;

  /**
   * A sender.
   *
   * @param timeout for a whole answer
   */
  public OutgoingRequests(Duration timeout) {
    this.timeout = timeout;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(timeout)
            .build();
  }

  /**
   * Sends a request and returns the answer, whatever its status.
   *
   * @param body bounds how much of the answer is kept
   * @throws IOException if there is none in time, with a message that is fit for people and has
   *     nothing of the address
   */
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> body)
      throws IOException, InterruptedException {
    // HttpRequest's own timeout ends with the headers; the answer's body may stop, too.
    CompletableFuture<HttpResponse<T>> answer = client.sendAsync(request, body);
    try {
      return answer.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new IOException("no answer within " + timeout, e);
    } catch (ExecutionException e) {
      throw new IOException(reason(e.getCause()), e);
    } finally {
      // Gives up the connection unless the answer is complete.
      answer.cancel(true);
    }
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

  /** Makes what is being sent fail at once. */
  @Override
  public void close() {
    client.shutdownNow();
  }
}
