package dev.stele.event;

import java.util.Optional;

/**
 * From where somebody acts. All of it is what the request said, but for the address.
 *
 * @param address in numbers, as the trusted proxies say
 * @param agent the User-Agent header; at most {@value #LONGEST_AGENT} characters are kept
 * @param credential which of their credentials it was, such as the id of a key or a token; never
 *     the credential itself
 */
public record Origin(
    Optional<String> address, Optional<String> agent, Optional<String> credential) {
  /** The longest user agent that is kept, in characters. */
  public static final int LONGEST_AGENT = 256;

  /** Nothing is known, or it was the registry itself. */
  public static final Origin NONE =
      new Origin(Optional.empty(), Optional.empty(), Optional.empty());

  public Origin {
    address = address.map(CanonicalJson::wellFormed);
    credential = credential.map(CanonicalJson::wellFormed);
    agent =
        agent
            .map(text -> text.length() > LONGEST_AGENT ? text.substring(0, LONGEST_AGENT) : text)
            .map(CanonicalJson::wellFormed);
  }
}
