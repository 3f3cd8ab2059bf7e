package dev.stele.server.config;

import java.util.List;

/** The configuration cannot be used. Each problem names the key and says what is allowed. */
public final class ConfigurationException extends Exception {
  private final List<String> problems;

  public ConfigurationException(List<String> problems) {
    super(
        problems.size() == 1
            ? problems.getFirst()
            : "the configuration has %d problems:\n  %s"
                .formatted(problems.size(), String.join("\n  ", problems)));
    this.problems = List.copyOf(problems);
  }

  public ConfigurationException(String problem, Throwable cause) {
    super(problem, cause);
    this.problems = List.of(problem);
  }

  /** One at least. */
  public List<String> problems() {
    return problems;
  }
}
