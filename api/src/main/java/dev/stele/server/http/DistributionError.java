package dev.stele.server.http;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * An error as a client sees it: {@code {"errors":[{"code","message","detail"}]}}, the form of the
 * OCI distribution specification.
 *
 * @param status the HTTP status, 400 to 599
 * @param detail what the client may want to know beside the message; may be empty
 * @param headers to set on the answer
 */
public record DistributionError(
    int status,
    ErrorCode code,
    String message,
    Map<String, Object> detail,
    Map<String, String> headers) {
  public DistributionError {
    detail = Map.copyOf(detail);
    headers = Map.copyOf(headers);
  }

  public DistributionError(int status, ErrorCode code, String message) {
    this(status, code, message, Map.of(), Map.of());
  }

  public DistributionError(int status, ErrorCode code, String message, Map<String, Object> detail) {
    this(status, code, message, detail, Map.of());
  }

  /** The same error with another header. */
  public DistributionError with(String header, String value) {
    Map<String, String> more = new HashMap<>(headers);
    more.put(header, value);
    return new DistributionError(status, code, message, detail, more);
  }

  /** The exception that carries this error to the one place that answers it. */
  public RefusedRequestException asException() {
    return new RefusedRequestException(this);
  }

  /** The body, to be written as JSON. */
  public Object body() {
    return new Body(List.of(new Entry(code, message, detail)));
  }

  record Body(List<Entry> errors) {}

  @JsonInclude(JsonInclude.Include.NON_EMPTY)
  record Entry(ErrorCode code, String message, Map<String, Object> detail) {}
}
