package dev.stele.server;

import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Json;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
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
    if (status == 503) {
      response.getHeaders().put(HttpHeader.RETRY_AFTER, "5");
    }
    response.write(true, ByteBuffer.wrap(body(status, message)), callback);
  }

  private static byte[] body(int status, String message) {
    ErrorCode code =
        switch (status) {
          case 503 -> ErrorCode.UNAVAILABLE;
          case 500 -> ErrorCode.UNKNOWN;
          default -> ErrorCode.REQUEST_INVALID;
        };
    String text = status == 503 ? "the server is stopping or overloaded" : message;
    return Json.bytes(
        new DistributionError(status, code, text == null ? "malformed request" : text).body());
  }
}
