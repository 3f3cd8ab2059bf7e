package dev.stele.server.config;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.policy.ImmutableTags;
import dev.stele.policy.InvalidPolicyException;
import java.util.Optional;

/** Reads {@code tags.immutable}, a list that no variable can hold. */
final class ImmutableTagsReader {
  /** The section that has no other key. */
  static final String SECTION = "tags";

  private static final String PATH = SECTION + ".immutable";

  private final ConfigurationValues values;
  private ImmutableTags tags = ImmutableTags.NONE;
  private Optional<String> origin = Optional.empty();

  ImmutableTagsReader(ConfigurationValues values) {
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
      tags = ImmutableTags.read(PATH, list);
    } catch (InvalidPolicyException e) {
      e.problems().forEach(problem -> values.problem(source + ": " + problem));
    }
  }

  /** The tags; none if nothing is configured. */
  ImmutableTags build() {
    values.note(
        new Setting(PATH, String.valueOf(tags.rules().size()), origin.orElse(Setting.DEFAULT)));
    return tags;
  }
}
