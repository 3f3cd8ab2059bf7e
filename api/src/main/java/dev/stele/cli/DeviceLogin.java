package dev.stele.cli;

import dev.stele.server.audit.SigningIn;
import dev.stele.server.http.PercentEncoding;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Map;

/**
 * Signs somebody in by a code that they enter at an issuer (RFC 8628). The server speaks with the
 * issuer, so its secret is needed here as little as the issuer's address.
 */
final class DeviceLogin {
  private static final int SLOWER_BY = 5; // seconds, as the RFC has it

  private final Client client;
  private final String issuer;
  private final PrintWriter told;

  /** A session that began. */
  record Done(String user, String token, String expires) {}

  /**
   * @param issuer its name in the server's configuration
   * @param told what there is to do
   */
  DeviceLogin(Client client, String issuer, PrintWriter told) {
    this.client = client;
    this.issuer = PercentEncoding.encode(issuer);
    this.told = told;
  }

  /**
   * Says what to do and waits until it is done.
   *
   * @throws IOException if it is not done in time
   */
  Done signIn() throws IOException {
    Client.Answer begun = client.post(SigningIn.DEVICE.replace("{issuer}", issuer), Map.of());
    String device = begun.field("device").asText();
    String code = text(begun, "userCode");
    long interval = Math.max(1, begun.field("interval").asLong());
    long end = System.nanoTime() + Duration.ofSeconds(begun.field("expiresIn").asLong()).toNanos();
    told.printf("Open %s and enter %s%n", text(begun, "verificationUri"), code);
    if (!begun.field("verificationUriComplete").isMissingNode()) {
      told.printf("or open %s and compare the code%n", text(begun, "verificationUriComplete"));
    }
    told.println("Enter no code that somebody else sent you: it would sign them in as you.");
    told.flush();
    while (System.nanoTime() - end < 0) {
      sleep(interval);
      Client.Answer answer =
          client.post(SigningIn.DEVICE_TOKEN.replace("{issuer}", issuer), Map.of("device", device));
      switch (answer.field("status").asText()) {
        case "signed_in" -> {
          return new Done(
              text(answer, "user"), answer.field("token").asText(), text(answer, "expires"));
        }
        case "slow_down" -> interval += SLOWER_BY;
        case "pending" -> {}
        default -> throw new IOException("the server is one of another version");
      }
    }
    throw new IOException("the code %s was not entered in time".formatted(code));
  }

  /** What an issuer said, without what a terminal would obey. */
  private static String text(Client.Answer answer, String field) throws IOException {
    return CellText.withoutControls(answer.field(field).asText());
  }

  private static void sleep(long seconds) throws IOException {
    try {
      Thread.sleep(Duration.ofSeconds(seconds));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
