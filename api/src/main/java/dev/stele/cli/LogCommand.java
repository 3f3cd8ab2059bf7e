package dev.stele.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.blob.FileFailure;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SignedNote;
import dev.stele.merkle.TrustPolicy;
import dev.stele.registry.LogSigning;
import dev.stele.registry.SignedLog;
import dev.stele.server.Inspection;
import dev.stele.server.LogKeys;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import dev.stele.verify.CheckpointCheck;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code stele log}: the log as it is signed. */
@Command(
    name = "log",
    description = {
      "The log is signed again and again: how many events it has, and the root of the tree of their"
          + " hashes. Keep such a checkpoint where nobody of this machine can change it, and the"
          + " keys with it; then verify shows whether any event from before has changed."
    },
    subcommands = {
      LogCommand.Keys.class,
      LogCommand.Policy.class,
      LogCommand.Newest.class,
      LogCommand.Recover.class,
      LogCommand.Verify.class
    })
final class LogCommand extends CommandGroup {
  /** Prints what a server has, or the configuration says where none runs. */
  @Command(mixinStandardHelpOptions = true)
  abstract static class Configured implements Callable<Integer> {
    @Mixin private ServerOptions options;

    abstract String address();

    abstract Stream<?> lines(TrustPolicy policy);

    @Override
    public Integer call() throws ConfigurationException, StartupException, IOException {
      Optional<Client> running = options.connectIfRunning();
      if (running.isPresent()) {
        try (Client client = running.get()) {
          write(client.get(address()).body());
        }
      } else {
        TrustPolicy policy = LogKeys.policy(options.configuration().evidence());
        write(lines(policy).map(line -> line + "\n").collect(Collectors.joining()).getBytes(UTF_8));
      }
      return 0;
    }
  }

  private static void write(byte[] bytes) throws IOException {
    System.out.write(bytes);
    System.out.flush();
  }

  /** {@code stele log keys}. */
  @Command(
      name = "keys",
      description = "Prints the keys by which others check the signatures of the log.")
  static final class Keys extends Configured {
    @Override
    String address() {
      return "/log/keys";
    }

    @Override
    Stream<?> lines(TrustPolicy policy) {
      return policy.logs().stream().map(TrustPolicy.Log::key);
    }
  }

  /** {@code stele log policy}. */
  @Command(
      name = "policy",
      description = {
        "Prints which checkpoints count: who signs them, who is asked to cosign them, and how many"
            + " must. As C2SP's tlog-policy has it, for programs that check."
      })
  static final class Policy extends Configured {
    @Override
    String address() {
      return "/log/policy";
    }

    @Override
    Stream<?> lines(TrustPolicy policy) {
      return policy.toString().lines();
    }
  }

  /** {@code stele log checkpoint}. */
  @Command(
      name = "checkpoint",
      description = "Prints what was signed last, and who has cosigned it so far.",
      mixinStandardHelpOptions = true)
  static final class Newest implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ServerOptions options;

    @Option(
        names = "--witnessed",
        description = "What was signed last of that which as many witnesses have cosigned as must.")
    private boolean witnessed;

    @Option(
        names = "--time-stamp",
        paramLabel = "FILE",
        description = {
          "What a time-stamp authority has seen last. Its token (RFC 3161, in DER), which is over"
              + " the SHA-256 of the checkpoint's first three lines, is written to the file."
        })
    private Path timeStamp;

    @Override
    public Integer call() throws ConfigurationException, StartupException, IOException {
      if (witnessed && timeStamp != null) {
        throw new ParameterException(
            spec.commandLine(), "--witnessed and --time-stamp name two checkpoints: give one");
      }
      try (Client client = options.connect()) {
        if (timeStamp != null) {
          Client.Answer answer = client.get("/log/time-stamp");
          Files.write(timeStamp, Base64.getDecoder().decode(answer.field("token").asText()));
          write(answer.field("checkpoint").asText().getBytes(UTF_8));
          return 0;
        }
        write(client.get(witnessed ? "/log/witnessed/checkpoint" : "/log/checkpoint").body());
        return 0;
      }
    }
  }

  /** {@code stele log recover}. */
  @Command(
      name = "recover",
      description = {
        "Tells what is wrong when the log is not what was signed, so that a server takes no pushes,"
            + " and what can be done. Exit status 1 while it is so.",
        "With --declare-break, when what is missing is lost for good, the log goes on from what"
            + " there is. That is an event, with what was signed and the reason. Have a look at"
            + " what is lost first (stele fsck), and do it on every node that has a checkpoint of"
            + " its own."
      })
  static final class Recover extends MaintenanceCommand {
    @Option(names = "--declare-break", description = "Go on from what there is.")
    private boolean declare;

    @Option(names = "--reason", description = "Why, for the record. Needed with --declare-break.")
    private String reason;

    @Override
    int run(Inspection inspection, PrintWriter out) throws IOException {
      Optional<LogSigning> how;
      try {
        how = inspection.logSigning();
      } catch (StartupException e) {
        return refuse(e.getMessage());
      }
      if (how.isEmpty()) {
        return refuse("this machine has never signed the log: it has no keys of it");
      }
      SignedLog log = inspection.registry().signedLog();
      Optional<String> wrong = log.check(how.get());
      if (wrong.isEmpty()) {
        out.println("The log begins with all that was signed. There is nothing to recover from.");
        return 0;
      }
      if (!declare) {
        out.println(wrong.get());
        out.printf(
            """

            What can be done, best first:
            1. Restore the database further, from a newer backup or from the archive of its write-ahead log, until it has
               all that was signed. Then start the server again: nothing else is needed.
            2. If what is missing is lost for good, say so:
                 stele log recover --declare-break --reason "..."
               That is an event, and pushes go on. Whoever kept a checkpoint of what is lost will find that the log does
               not begin with it, and so will witnesses: they cosign it only under another name (evidence.name, with new
               keys). %s is kept beside its place.
            """,
            how.get().file());
        return 1;
      }
      if (reason == null) {
        throw new ParameterException(
            spec().commandLine(), "--declare-break needs a --reason, for the record");
      }
      Optional<String> lost = log.declareBreak(Inspection.operator(reason));
      if (lost.isEmpty()) {
        return refuse(wrong.get());
      }
      Path file = how.get().file();
      if (Files.exists(file)) {
        Path kept =
            file.resolveSibling(
                "%s.%d".formatted(file.getFileName(), Instant.now().getEpochSecond()));
        Files.move(file, kept);
        out.println("What was signed is kept in " + kept);
      }
      out.println(
          "Declared: the log goes on from what there is. A server that runs takes pushes from now"
              + " on.");
      return 0;
    }
  }

  /** {@code stele log verify}. */
  @Command(
      name = "verify",
      description = {
        "Hashes all events anew and shows whether the log begins with what was signed. Exit status"
            + " 1 if it does not.",
        "Without --checkpoint it is held against what was signed last, as the database and the file"
            + " log-checkpoint have it, which whoever changed them may have changed as well;"
            + " without --key signatures are checked by the keys of this machine.",
        "This is about the events alone: stele fsck holds names, documents and blobs against them."
      })
  static final class Verify extends MaintenanceCommand {
    @Option(
        names = "--checkpoint",
        paramLabel = "FILE",
        description = "An earlier checkpoint; can be given several times.")
    private List<Path> files = List.of();

    @Option(
        names = "--key",
        paramLabel = "KEY",
        description = "By which a signature counts: one, or all that stele log keys prints.")
    private List<String> keys = List.of();

    @Override
    int run(Inspection inspection, PrintWriter out) throws IOException {
      List<NoteKey> trusted;
      List<SignedNote> notes = new ArrayList<>();
      try {
        trusted =
            keys.isEmpty()
                ? inspection.logKeys()
                : keys.stream()
                    .flatMap(given -> Stream.of(given.strip().split("\\s+")))
                    .map(NoteKey::parse)
                    .toList();
        for (Path file : files) {
          notes.add(SignedNote.parse(Files.readString(file)));
        }
      } catch (StartupException | IllegalArgumentException e) {
        return refuse(e.getMessage());
      } catch (IOException e) {
        return refuse(FileFailure.reason(e));
      }
      if (files.isEmpty()) {
        inspection.registry().signedLog().newest().ifPresent(notes::add);
        try {
          Optional<LogSigning> how = inspection.logSigning();
          if (how.isPresent()) {
            how.get().last().ifPresent(notes::add);
          }
        } catch (StartupException | IllegalArgumentException e) {
          return refuse(e.getMessage());
        } catch (IOException e) {
          return refuse(FileFailure.reason(e));
        }
      }
      CheckpointCheck.Result result;
      try (ProgressBar bar = progress()) {
        result = inspection.checkCheckpoints(notes, trusted, bar::at);
        bar.erase();
      }
      List<String> problems = result.problems();
      problems.forEach(out::println);
      out.printf("%,d events, root %s%n", result.events(), result.root());
      if (problems.isEmpty()) {
        notes.stream()
            .map(note -> Checkpoint.parse(note.text()))
            .distinct()
            .forEach(
                each ->
                    out.printf(
                        "The first %,d are those that were signed for %s; what came later is not"
                            + " proven%n",
                        each.size(), each.origin()));
        if (notes.isEmpty()) {
          out.println("Nothing was signed yet, so this shows nothing");
        }
      } else {
        out.println(Terminal.ofOutput().alarm("NOT what was signed"));
      }
      return problems.isEmpty() ? 0 : 1;
    }
  }
}
