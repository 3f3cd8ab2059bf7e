package dev.stele.cli;

import dev.stele.question.Address;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code stele event}. */
@Command(name = "event", description = "Shows one event.")
final class EventCommand extends QuestionCommand {
  @Parameters(
      paramLabel = "POSITION",
      description = "Of the event in the log, such as 97 or p97; the first is at 0.")
  private String position;

  @Override
  Asking asking() {
    return Asking.one(Address.EVENT).at("position", position(spec(), position));
  }

  /** A position as an address has it. */
  static String position(CommandSpec spec, String text) {
    if (!text.matches("p?[0-9]{1,18}")) {
      throw new ParameterException(
          spec.commandLine(), "POSITION must be a number from 0 on, such as 97, not " + text);
    }
    return text.replace("p", "");
  }
}
