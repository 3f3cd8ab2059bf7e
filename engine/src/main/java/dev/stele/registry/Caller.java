package dev.stele.registry;

/**
 * Who asks, for the record.
 *
 * @param actor the authenticated user's name, or {@link #ANONYMOUS}
 * @param requestId of the HTTP request or the like; at most 128 characters are recorded
 */
public record Caller(String actor, String requestId) {
  public static final String ANONYMOUS = "anonymous";

  public Caller {
    if (requestId.length() > 128) {
      requestId = requestId.substring(0, 128);
    }
  }
}
