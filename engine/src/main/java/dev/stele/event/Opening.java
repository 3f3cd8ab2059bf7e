package dev.stele.event;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * What a {@link Commitment} stands for: an {@link Identity} or an {@link Origin} as canonical JSON,
 * with a random salt, so that nobody can try out names against the log once this is gone. The
 * commitment is SHA-256(salt ‖ 0x00 ‖ JSON).
 *
 * @param text 32 hexadecimal digits of the salt, and the JSON
 */
public record Opening(String text) {
  private static final Pattern FORM = Pattern.compile("[0-9a-f]{32}\\{.*", Pattern.DOTALL);
  private static final int SALT_DIGITS = 32;
  private static final JsonMapper JSON = new JsonMapper();
  private static final SecureRandom RANDOM = new SecureRandom();

  /** A new opening of an identity. */
  public static Opening of(Identity identity) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("name", identity.name());
    node.put("kind", identity.kind().name());
    identity.issuer().ifPresent(issuer -> node.put("issuer", issuer));
    return salted(node);
  }

  /** A new opening of an origin. */
  public static Opening of(Origin origin) {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    origin.address().ifPresent(address -> node.put("address", address));
    origin.agent().ifPresent(agent -> node.put("agent", agent));
    origin.credential().ifPresent(credential -> node.put("credential", credential));
    return salted(node);
  }

  private static Opening salted(ObjectNode node) {
    byte[] salt = new byte[SALT_DIGITS / 2];
    RANDOM.nextBytes(salt);
    return new Opening(
        HexFormat.of().formatHex(salt) + new String(CanonicalJson.write(node), UTF_8));
  }

  /** What it opens; of a text that is no opening, a commitment that no leaf has. */
  public Commitment commitment() {
    MessageDigest sha256;
    try {
      sha256 = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
    if (FORM.matcher(text).matches()) {
      sha256.update(HexFormat.of().parseHex(text, 0, SALT_DIGITS));
      sha256.update((byte) 0);
      sha256.update(text.substring(SALT_DIGITS).getBytes(UTF_8));
    } else {
      sha256.update(text.getBytes(UTF_8));
    }
    return new Commitment(HexFormat.of().formatHex(sha256.digest()));
  }

  /** This, if it is what was committed to. */
  public Optional<Opening> ifOpens(String commitment) {
    return commitment().hex().equals(commitment) ? Optional.of(this) : Optional.empty();
  }

  /** What is kept under the id of a commitment; empty if it is not what was committed to. */
  public static Optional<Opening> kept(UUID id, String text) {
    Opening opening = new Opening(text);
    return ActorId.of(opening.commitment()).value().equals(id)
        ? Optional.of(opening)
        : Optional.empty();
  }

  /**
   * The name of an actor, if what is kept of them is what the log has; else that of {@link
   * Identity#ALTERED}.
   */
  public static String name(UUID actor, String text) {
    return kept(actor, text).flatMap(Opening::identity).orElse(Identity.ALTERED).name();
  }

  /** The identity, if it opens one. */
  public Optional<Identity> identity() {
    try {
      JsonNode node = json();
      Identity.Kind kind = Identity.Kind.valueOf(field(node, "kind").orElse(""));
      return field(node, "name").map(name -> new Identity(name, kind, field(node, "issuer")));
    } catch (JsonProcessingException | IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** The origin, if it opens one. */
  public Optional<Origin> origin() {
    try {
      JsonNode node = json();
      return Optional.of(
          new Origin(field(node, "address"), field(node, "agent"), field(node, "credential")));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  private JsonNode json() throws JsonProcessingException {
    return JSON.readTree(text.substring(Math.min(SALT_DIGITS, text.length())));
  }

  private static Optional<String> field(JsonNode node, String name) {
    return Optional.ofNullable(node.get(name)).map(JsonNode::asText);
  }
}
