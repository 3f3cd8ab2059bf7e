package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.question.Address;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code stele retention verify}. */
@Command(
    name = "verify",
    description = {
      "Makes every decision on record again, from its recorded policy, input and time, and says"
          + " where the result is not the recorded one. Exit status 1 if there is such a place."
    })
final class RetentionVerify extends QuestionCommand {
  @Option(names = "--all", description = "Also those whose result is the recorded one.")
  private boolean all;

  private long count;
  private long different;

  @Override
  Asking asking() {
    return Asking.list(Address.VERIFICATION).with("all", all ? true : null);
  }

  @Override
  void page(JsonNode page) {
    count += page.path("evaluations").asLong();
  }

  @Override
  void seen(Cells row) {
    different += row.get("equal").asBoolean() ? 0 : 1;
  }

  @Override
  Optional<String> note(long rows, JsonNode about) {
    return Optional.of(
        "%s made again: %s"
            .formatted(
                count(count, "evaluation", "evaluations"),
                different == 0
                    ? "each gave the recorded result"
                    : "%,d did NOT give the recorded result".formatted(different)));
  }

  @Override
  int status() {
    return different == 0 ? 0 : 1;
  }
}
