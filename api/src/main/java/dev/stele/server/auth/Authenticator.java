package dev.stele.server.auth;

import dev.stele.event.Identity;
import java.util.Optional;

/** Tells who sent a request. Implementations are safe for concurrent use. */
public interface Authenticator {
  /** Lets everybody in as {@link Identity#NOBODY}. */
  Authenticator NONE = new Anonymous();

  /**
   * The user's name; empty if the credentials are missing or wrong.
   *
   * @param authorization the Authorization header
   * @param address that the request came from, in numbers
   * @throws dev.stele.server.http.RefusedRequestException 429 if too many are being checked, or too
   *     many from there were wrong
   */
  Optional<String> authenticate(Optional<String> authorization, String address);

  /** Whether there still is a user of this name, who signed in a while ago. */
  boolean knows(String user);

  /** Who the sender says it is, true or not, for the log; empty if that cannot be read. */
  Optional<String> claimed(Optional<String> authorization);

  /** Whether it tells users apart at all. */
  boolean required();

  /** The value of the WWW-Authenticate header of a 401. */
  String challenge();

  /** Everybody is anonymous. */
  final class Anonymous implements Authenticator {
    private Anonymous() {}

    @Override
    public Optional<String> authenticate(Optional<String> authorization, String address) {
      return Optional.of(Identity.NOBODY.name());
    }

    @Override
    public boolean knows(String user) {
      return false;
    }

    @Override
    public Optional<String> claimed(Optional<String> authorization) {
      return Optional.empty();
    }

    @Override
    public boolean required() {
      return false;
    }

    @Override
    public String challenge() {
      throw new IllegalStateException("nobody is turned away");
    }
  }
}
