package dev.stele.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code stele event}. */
@Command(name = "event", description = "Shows one event.")
final class EventCommand extends QuestionCommand {
  @Parameters(paramLabel = "POSITION", description = "Of the event in the log; the first is at 0.")
  private long position;

  @Override
  Asking asking() {
    if (position < 0) {
      throw new ParameterException(spec().commandLine(), "POSITION must not be negative");
    }
    return Asking.of("event").at("position", position);
  }
}
