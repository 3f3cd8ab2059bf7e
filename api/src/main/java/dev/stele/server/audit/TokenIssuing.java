package dev.stele.server.audit;

import dev.stele.server.auth.SignedIn;
import dev.stele.server.auth.TokenAuthority;
import dev.stele.server.http.Access;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.TokenScope;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * {@code /token}: a token for whoever signs in, or for somebody who does not, by the distribution
 * project's token authentication. It is for what is asked and may be done, if that is anything.
 */
public record TokenIssuing(TokenAuthority authority) {
  /** How challenges name the service that tokens are for. */
  public static final String SERVICE = "stele";

  /** What clients send along; what is not a scope is not needed here. */
  private static final Set<String> PARAMETERS =
      Set.of("scope", "service", "account", "client_id", "offline_token", "access_type");

  void issue(Exchange exchange) throws IOException {
    exchange.query().refuseOthers(PARAMETERS);
    Access access = exchange.access();
    if (access.scope().isPresent()) {
      // It would live for ever.
      throw new DistributionError(
              403,
              ErrorCode.DENIED,
              "a token does not get another: sign in by what this one was got by")
          .asException();
    }
    TokenScope scope = TokenScope.parse(exchange.query().all("scope")).grantedTo(access);
    TokenAuthority.Issued issued;
    try {
      issued = authority.issue(who(exchange), scope);
    } catch (IllegalArgumentException e) {
      throw new DistributionError(400, ErrorCode.REQUEST_INVALID, e.getMessage()).asException();
    }
    exchange.set("Cache-Control", "no-store");
    exchange.sendJson(
        200,
        Map.of(
            "token", issued.token(),
            "access_token", issued.token(),
            "expires_in", issued.lifetime().toSeconds(),
            "issued_at", issued.at().toString()));
  }

  /** Whoever asks, in those of their groups that the policy knows; absent if they are nobody. */
  private static Optional<SignedIn> who(Exchange exchange) {
    Access access = exchange.access();
    if (access.who().local() || access.who().name().isEmpty()) {
      return Optional.empty();
    }
    Set<String> granted = access.policy().grantedGroups();
    return Optional.of(
        new SignedIn(
            exchange.caller().identity(),
            access.who().groups().stream().filter(granted::contains).collect(Collectors.toSet()),
            exchange.caller().origin().credential(),
            access.until()));
  }
}
