package dev.stele.cli;

import dev.stele.event.RecordedEvent;
import dev.stele.question.Columns;
import dev.stele.question.Rows;
import dev.stele.retention.Recheck;
import dev.stele.retention.Reprocessing;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code stele retention verify}. */
@Command(
    name = "verify",
    description = {
      "Makes every decision on record again, from its recorded policy, input and time, and says"
          + " where the result is not the recorded one. Exit status 1 if there is such a place."
    })
final class RetentionVerify extends RetentionQuestion {
  private static final Columns<Recheck> RECHECK =
      Columns.of(Recheck.class)
          .with("position", Recheck::position)
          .with("repository", check -> check.evaluated().repository())
          .with("policy", check -> check.evaluated().policy())
          .with("decisions", check -> check.evaluated().decisions())
          .with("equal", check -> check.problem().isEmpty())
          .with("problem", Recheck::problem);

  private static final int PAGE = 500;

  @Option(names = "--all", description = "Also those whose result is the recorded one.")
  private boolean all;

  @Override
  int answer(Reprocessing reprocessing, PrintWriter out) {
    long different = 0;
    long count = 0;
    try (Rows<Recheck> rows = output().open(out, RECHECK)) {
      long next = 0;
      List<RecordedEvent> page;
      do {
        page = reprocessing.evaluations(next, PAGE);
        for (RecordedEvent event : page) {
          Recheck check = reprocessing.recheck(event);
          count++;
          different += check.problem().isPresent() ? 1 : 0;
          if (all || check.problem().isPresent()) {
            rows.add(check);
          }
          next = event.position() + 1;
        }
      } while (page.size() == PAGE);
    }
    output()
        .note(
            out,
            "%s made again: %s"
                .formatted(
                    QuestionCommand.count(count, "evaluation", "evaluations"),
                    different == 0
                        ? "each gave the recorded result"
                        : "%,d did NOT give the recorded result".formatted(different)));
    return different == 0 ? 0 : 1;
  }
}
