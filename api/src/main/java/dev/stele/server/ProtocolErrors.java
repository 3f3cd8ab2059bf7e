package dev.stele.server;

import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Json;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpStatus;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;

/**
 * Errors of requests that never reached the dispatcher, since they are not proper HTTP or the
 * server is stopping: the same JSON form as all others, instead of Jetty's pages.
 */
final class ProtocolErrors extends ErrorHandler {
  @Override
  public boolean errorPageForMethod(String method) {
    return true;
  }

  @Override
  protected void generateResponse(
      Request request,
      Response response,
      int status,
      String message,
      Throwable cause,
      Callback callback) {
    response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/json");
    response.getHeaders().put("Docker-Distribution-API-Version", "registry/2.0");
    // Jetty hangs up after most of these; saying so keeps clients from sending the next request
    // into the void.
    response.getHeaders().put(HttpHeader.CONNECTION, "close");
    if (status == 503) {
      response.getHeaders().put(HttpHeader.RETRY_AFTER, "5");
    }
    response.write(true, ByteBuffer.wrap(body(status, reason(status, message, cause))), callback);
  }

  /** Jetty's own words where it has some; the bare name of the status helps nobody. */
  private static String reason(int status, String message, Throwable cause) {
    if (status == 503) {
      return "the server is stopping or overloaded";
    }
    // The message of Jetty's exceptions is "<status>: <reason>", where the reason may be null.
    String reason = cause instanceof HttpException refused ? refused.getReason() : message;
    if (reason != null && !reason.equals(HttpStatus.getMessage(status))) {
      return reason;
    }
    return switch (status) {
      case 400 -> "the request's address or headers are malformed";
      case 404 -> "there is nothing at this address";
      case 417 -> "the only expectation that can be met is 100-continue";
      case 426 -> "this server speaks HTTP/1.1";
      case 431 -> "the request's headers are too large";
      default -> HttpStatus.getMessage(status);
    };
  }

  private static byte[] body(int status, String message) {
    ErrorCode code =
        switch (status) {
          case 404 -> ErrorCode.NOT_FOUND;
          case 500 -> ErrorCode.UNKNOWN;
          case 503 -> ErrorCode.UNAVAILABLE;
          default -> ErrorCode.REQUEST_INVALID;
        };
    return Json.bytes(new DistributionError(status, code, message).body());
  }
}
