package dev.stele.server.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.stele.policy.InvalidPolicyException;
import dev.stele.policy.PolicyDocument;
import dev.stele.policy.RetentionPolicy;
import java.util.List;
import java.util.Optional;

/**
 * Reads {@code retention.policies}, a list that no variable can hold. Its form is that of the
 * policies on record.
 */
final class RetentionReader {
  private static final String SECTION = "retention";
  private static final String LIST = "policies";
  private static final String PATH = SECTION + "." + LIST;

  private final ConfigurationValues values;
  private List<RetentionPolicy.Policy> policies = List.of();
  private Optional<String> origin = Optional.empty();

  RetentionReader(ConfigurationValues values) {
    this.values = values;
  }

  static boolean claims(String path) {
    return path.equals(PATH);
  }

  /**
   * Takes the list of the file.
   *
   * @param source the file, as problems name it
   */
  void set(JsonNode list, String source) {
    origin = Optional.of(source + ": " + PATH);
    try {
      policies =
          PolicyDocument.read(JsonNodeFactory.instance.objectNode().set(LIST, list)).policies();
    } catch (InvalidPolicyException e) {
      e.problems().forEach(problem -> values.problem(source + ": " + SECTION + "." + problem));
    }
  }

  /** The policy; {@link RetentionPolicy#NONE} if nothing is configured. */
  RetentionPolicy build() {
    RetentionPolicy policy =
        new RetentionPolicy(
            values.get(ConfigurationKeys.RETENTION_DELAY),
            values.get(ConfigurationKeys.RETENTION_DRY_RUN),
            policies,
            values.find(ConfigurationKeys.RETENTION_REASON));
    values.note(new Setting(PATH, String.valueOf(policies.size()), origin.orElse(Setting.DEFAULT)));
    return policy;
  }
}
