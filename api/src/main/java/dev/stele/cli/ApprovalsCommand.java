package dev.stele.cli;

import dev.stele.question.Address;
import picocli.CommandLine.Command;

/** {@code stele approvals}: what takes several persons and waits for some. */
@Command(
    name = "approvals",
    description = {
      "Lists what takes several persons and waits for some, such as the release of a hold; who"
          + " asked for it, and until when that counts. Whoever approves asks for the same."
    })
final class ApprovalsCommand extends QuestionCommand {
  @Override
  Asking asking() {
    return Asking.list(Address.APPROVALS);
  }
}
