package dev.stele.cli;

import dev.stele.question.Address;
import dev.stele.question.DigestText;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code stele document}. */
@Command(
    name = "document",
    description = {
      "Prints a retention policy, or what was decided under one, of which an event has the digest"
          + " (POLICY and DECISIONS of 'stele retention log').",
      "They are the exact bytes, in JSON: their SHA-256 is the digest."
    },
    mixinStandardHelpOptions = true)
final class DocumentCommand implements Callable<Integer> {
  @Mixin private ServerOptions options;

  @Parameters(
      paramLabel = "DIGEST",
      description = "Such as sha256:..., or its beginning as tables print it.")
  private DigestText text;

  @Override
  public Integer call() throws ConfigurationException, StartupException, IOException {
    try (Client client = options.connect()) {
      System.out.write(
          client.get(Asking.one(Address.DOCUMENT).at("digest", text).address()).body());
      System.out.flush();
      return 0;
    }
  }
}
