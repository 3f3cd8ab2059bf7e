package dev.stele.cli;

import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.policy.RepositoryGlob;
import dev.stele.retention.Reprocessing;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code stele retention log}. */
@Command(
    name = "log",
    description = {
      "Lists the evaluations on record, oldest first.",
      "What keeps everything is not recorded."
    })
final class RetentionLog extends RetentionQuestion {
  static final int PAGE = 500;

  private static final Columns<RecordedEvent> EVALUATION =
      Columns.of(RecordedEvent.class)
          .with("position", RecordedEvent::position)
          .with("recordedAt", RecordedEvent::recordedAt)
          .with("repository", event -> evaluated(event).repository())
          .with("kept", event -> evaluated(event).kept())
          .with("removed", event -> evaluated(event).removed())
          .with("dryRun", event -> evaluated(event).dryRun())
          .with("policy", event -> evaluated(event).policy())
          .with("input", event -> evaluated(event).inputPosition() - 1)
          .with("evaluatedAt", event -> evaluated(event).evaluatedAt());

  @Option(
      names = "--repository",
      paramLabel = "GLOB",
      description = "Only repositories such as team/**.")
  private RepositoryGlob repositories;

  private static Event.RetentionEvaluated evaluated(RecordedEvent event) {
    return (Event.RetentionEvaluated) event.event();
  }

  @Override
  int answer(Reprocessing reprocessing, PrintWriter out) {
    long count = 0;
    try (Rows<RecordedEvent> rows = output().open(out, EVALUATION)) {
      long next = 0;
      List<RecordedEvent> page;
      do {
        page = reprocessing.evaluations(next, PAGE);
        for (RecordedEvent event : page) {
          if (repositories == null || repositories.matches(evaluated(event).repository())) {
            rows.add(event);
            count++;
          }
          next = event.position() + 1;
        }
      } while (page.size() == PAGE);
    }
    output().note(out, "%,d evaluations".formatted(count));
    return 0;
  }
}
