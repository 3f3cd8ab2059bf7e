package dev.stele.cli;

import dev.stele.blob.FileFailure;
import dev.stele.cli.RecordTypes.TagName;
import dev.stele.log.Moment;
import dev.stele.oci.RepositoryName;
import dev.stele.question.Address;
import dev.stele.question.DigestText;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele evidence}: what the record has, in one file that needs no Stele to be checked. */
@Command(
    name = "evidence",
    description = {
      "Has the registry give evidence: one file with the answer to read and print, the events that"
          + " it follows from, and what shows that these are in the signed log and none is left"
          + " out. Anybody who has the keys of the log (stele log keys) checks it with"
          + " stele-verify.jar, years later and without this registry. That it was given is an"
          + " event."
    },
    subcommands = {
      EvidenceCommand.OfRepository.class,
      EvidenceCommand.OfTag.class,
      EvidenceCommand.OfDigest.class,
      EvidenceCommand.OfLog.class
    })
final class EvidenceCommand extends CommandGroup {
  private static final Pattern NAME = Pattern.compile("filename=\"(evidence-[0-9]{1,18}\\.zip)\"");

  /** What all of them do. */
  @Command(mixinStandardHelpOptions = true)
  abstract static class Giving implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ServerOptions options;

    @Option(
        names = "--from",
        paramLabel = "MOMENT",
        description = "Only what was recorded after " + AtOption.MOMENT + ".")
    private Moment from;

    @Option(
        names = "--to",
        paramLabel = "MOMENT",
        description = "Only what was recorded until then. Default: now")
    private Moment to;

    @Option(
        names = "--pseudonymous",
        description = "Without the names of who acted, and without where they were.")
    private boolean pseudonymous;

    @Option(names = "--reason", description = "Why, for the record.")
    private String reason;

    @Option(
        names = "--out",
        paramLabel = "FILE",
        description = "Where to; never over a file that is there. Default: evidence-POSITION.zip")
    private Path file;

    /** Where it is asked for. */
    abstract Asking asking();

    /** What else is sent along. */
    void add(@SuppressWarnings("unused") Map<String, Object> body) {}

    @Override
    public final Integer call() throws ConfigurationException, StartupException, IOException {
      Map<String, Object> body = new HashMap<>();
      Optional.ofNullable(from).ifPresent(moment -> body.put("from", moment.toString()));
      Optional.ofNullable(to).ifPresent(moment -> body.put("to", moment.toString()));
      Optional.ofNullable(reason).ifPresent(why -> body.put("reason", why));
      body.put("pseudonymous", pseudonymous);
      add(body);
      if (file != null && Files.exists(file)) {
        throw new IOException(file + " is there already; evidence is not written over anything");
      }
      try (Client client = options.connect()) {
        Client.Answer answer = client.post(asking().address(), body);
        Matcher name = NAME.matcher(answer.header("Content-Disposition"));
        Path written = file != null ? file : Path.of(name.find() ? name.group(1) : "evidence.zip");
        try {
          Files.write(written, answer.body(), StandardOpenOption.CREATE_NEW);
        } catch (IOException e) {
          throw new IOException(
              "%s cannot be written: %s".formatted(written, FileFailure.reason(e)), e);
        }
        PrintWriter out = spec.commandLine().getOut();
        out.printf(
            "%s: %,d bytes. Check it: stele verify %s --keys FILE%n",
            written, answer.body().length, written);
        out.flush();
        return 0;
      }
    }
  }

  /** {@code stele evidence repository}. */
  @Command(name = "repository", description = "Of all that happened in a repository.")
  static final class OfRepository extends Giving {
    @Parameters(paramLabel = "REPOSITORY")
    private RepositoryName repository;

    @Override
    Asking asking() {
      return Asking.one(Address.EVIDENCE_OF_ONE).at("name", repository);
    }
  }

  /** {@code stele evidence tag}. */
  @Command(
      name = "tag",
      description =
          "Of what happened to a tag. The file has all events of its repository, since only these"
              + " show that none is left out.")
  static final class OfTag extends Giving {
    @Parameters(paramLabel = "REPOSITORY:TAG")
    private TagName tag;

    @Override
    Asking asking() {
      return Asking.one(Address.EVIDENCE_OF_ONE).at("name", tag.repository());
    }

    @Override
    void add(Map<String, Object> body) {
      body.put("tag", tag.tag().value());
    }
  }

  /** {@code stele evidence digest}. */
  @Command(
      name = "digest",
      description =
          "Of what speaks of a digest, wherever. It does not show that nothing is left out.")
  static final class OfDigest extends Giving {
    @Parameters(
        paramLabel = "DIGEST",
        description = "Such as sha256:..., or its beginning as tables print it.")
    private DigestText digest;

    @Override
    Asking asking() {
      return Asking.one(Address.EVIDENCE);
    }

    @Override
    void add(Map<String, Object> body) {
      body.put("digest", digest.text());
    }
  }

  /** {@code stele evidence log}. */
  @Command(
      name = "log",
      description = "Of everything, best between two moments: what changed in that window.")
  static final class OfLog extends Giving {
    @Override
    Asking asking() {
      return Asking.one(Address.EVIDENCE);
    }
  }
}
