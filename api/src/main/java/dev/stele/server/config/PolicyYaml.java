package dev.stele.server.config;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.stele.policy.InvalidPolicyException;
import dev.stele.policy.PolicyDocument;
import dev.stele.policy.Reason;
import dev.stele.policy.RetentionPolicy;

/**
 * A retention policy in YAML, which JSON is too: what a configuration has below {@code retention:},
 * with or without that key, so that the configuration itself will do. Stateless and thread-safe.
 */
public final class PolicyYaml {
  private static final String SECTION = "retention";
  static final ObjectMapper YAML =
      YAMLMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private PolicyYaml() {}

  /**
   * Reads a policy.
   *
   * @throws InvalidPolicyException if it is none
   */
  public static RetentionPolicy read(String text) throws InvalidPolicyException {
    JsonNode root;
    try {
      root = YAML.readTree(text);
    } catch (JsonProcessingException e) {
      throw new InvalidPolicyException("", "not YAML: " + e.getOriginalMessage());
    }
    if (root.isMissingNode() || root.isNull()) {
      throw new InvalidPolicyException("", "empty; it needs policies: a list");
    }
    RetentionPolicy policy = PolicyDocument.read(root.has(SECTION) ? root.get(SECTION) : root);
    try {
      policy.reason().ifPresent(Reason::checkLine);
    } catch (IllegalArgumentException e) {
      throw new InvalidPolicyException("reason", e.getMessage());
    }
    return policy;
  }
}
