package dev.stele.cli;

import dev.stele.blob.FileFailure;
import dev.stele.evidence.Trust;
import dev.stele.evidence.Verifier;
import dev.stele.merkle.NoteKey;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele verify}. */
@Command(
    name = "verify",
    description = {
      "Checks evidence (stele evidence) or the proof of an event (stele proof), with nothing but"
          + " the file and the keys of the log: no server, no database, no network. Exit status 1"
          + " if something does not hold."
    },
    mixinStandardHelpOptions = true)
final class VerifyCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Parameters(paramLabel = "FILE", description = "What was given out.")
  private Path file;

  @Option(
      names = "--keys",
      paramLabel = "FILE",
      description =
          "The keys of the log, a line each, as stele log keys prints them, and those of witnesses,"
              + " which must have signed then, too. Have them from elsewhere than the file.")
  private List<Path> files = List.of();

  @Option(names = "--key", paramLabel = "KEY", description = "One such key.")
  private List<String> keys = List.of();

  @Option(
      names = "--policy",
      paramLabel = "FILE",
      description =
          "Which checkpoints count, by which witnesses, as stele log policy prints it and C2SP's"
              + " tlog-policy has it.")
  private Path policy;

  @Option(
      names = "--authorities",
      paramLabel = "FILE",
      description = "Certificates (PEM) to which that of a time-stamp authority must lead.")
  private Path authorities;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    List<NoteKey> trusted = new ArrayList<>();
    try {
      for (Path each : files) {
        trusted.addAll(Verifier.keys(each));
      }
      keys.stream().map(NoteKey::parse).forEach(trusted::add);
      if (trusted.isEmpty() && policy == null) {
        throw new ParameterException(
            spec.commandLine(), "say by which keys: --keys FILE, --key KEY or --policy FILE");
      }
      Trust trust =
          new Trust(
              trusted,
              policy == null ? Optional.empty() : Optional.of(Verifier.policy(policy)),
              authorities == null ? List.of() : Verifier.authorities(authorities));
      boolean holds = Verifier.verify(file, trust, out);
      out.flush();
      return holds ? 0 : 1;
    } catch (IOException e) {
      throw new ParameterException(spec.commandLine(), FileFailure.reason(e), e);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }
}
