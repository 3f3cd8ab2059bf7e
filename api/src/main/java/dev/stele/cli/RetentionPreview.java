package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.log.Moment;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.RetentionPolicy;
import dev.stele.question.Address;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code stele retention preview}. */
@Command(
    name = "preview",
    description = {
      "Lists the tags that a policy would remove now, or would have removed at a moment.",
      "--all lists what it keeps, too. Changes nothing."
    })
final class RetentionPreview extends QuestionCommand {
  @Option(
      names = "--policy",
      paramLabel = "FILE",
      converter = PolicyFile.class,
      description =
          "A YAML file with what a configuration has below 'retention:'. Default: the policy that"
              + " was in force")
  private RetentionPolicy policy;

  @Option(
      names = "--at",
      paramLabel = "MOMENT",
      description = "As of " + AtOption.MOMENT + ". Default: now")
  private Moment at;

  @Option(
      names = "--repository",
      paramLabel = "GLOB",
      description = "Only repositories such as team/**.")
  private RepositoryGlob repositories;

  @Option(names = "--all", description = "Also what stays.")
  private boolean all;

  private final Map<String, Long> counts = new HashMap<>();
  private final Set<String> losing = new HashSet<>();

  @Override
  Asking asking() {
    return PolicyFile.with(
        policy,
        Asking.list(Address.PREVIEW)
            .with("at", at)
            .with("repository", repositories)
            .with("all", all ? true : null));
  }

  @Override
  void page(JsonNode page) {
    add(page, counts);
  }

  /** Adds what is counted on a page. */
  static void add(JsonNode page, Map<String, Long> counts) {
    page.path("counts")
        .properties()
        .forEach(count -> counts.merge(count.getKey(), count.getValue().asLong(), Long::sum));
  }

  @Override
  void seen(Cells row) {
    if (!row.get("keeps").asBoolean()) {
      losing.add(row.get("repository").asText());
    }
  }

  @Override
  Optional<String> note(long count, JsonNode about) {
    return Optional.of(
        "%s of %s would go and %,d stay"
                .formatted(
                    count(counts.getOrDefault("removed", 0L), "tag", "tags"),
                    count(losing.size(), "repository", "repositories"),
                    counts.getOrDefault("kept", 0L))
            + (about.path("untagged").asBoolean()
                ? System.lineSeparator()
                    + "Tags only: what has no tag, and this policy deletes (delete-untagged,"
                    + " delete-referrers), goes when it is collected and is not listed here;"
                    + " stele gc --dry-run lists it once the policy is in force."
                : ""));
  }
}
