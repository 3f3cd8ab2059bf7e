package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.question.Address;
import dev.stele.question.DigestText;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele hold}: what nobody may remove. */
@Command(
    name = "hold",
    description = {
      "Holds: what nobody may remove, neither clients nor retention nor the collector.",
      "Who did it is recorded: the user of a server, or cli:<user of this machine>."
    },
    subcommands = {HoldCommand.Place.class, HoldCommand.Listing.class, HoldCommand.Release.class})
final class HoldCommand extends CommandGroup {
  /** In words, what a hold is on. */
  static HoldScope scope(JsonNode hold) {
    return new HoldScope(
        RepositoryGlob.parse(hold.path("repositories").asText()),
        Optional.ofNullable(hold.get("tag")).map(JsonNode::asText).map(Tag::parse),
        Optional.ofNullable(hold.get("digest")).map(JsonNode::asText).map(Digest::parse));
  }

  /** {@code stele hold place}. */
  @Command(
      name = "place",
      description = "Places a hold on repositories, or on a tag or a digest of them.",
      mixinStandardHelpOptions = true)
  static final class Place implements Callable<Integer> {
    /** At most one of these. */
    private static final class What {
      @Option(names = "--tag", description = "Only this tag, and what it points to.")
      private String tag;

      @Option(
          names = "--digest",
          description = "Only this manifest or blob, and what it refers to.")
      private DigestText digest;
    }

    @Spec private CommandSpec spec;
    @Mixin private ServerOptions options;
    @Mixin private RowOutput output;

    @Parameters(
        paramLabel = "REPOSITORIES",
        description = "A repository's name, or a glob such as 'team/**'.")
    private String repositories;

    @ArgGroup(exclusive = true)
    private What what;

    @Option(names = "--freeze", description = "Covered tags may not move either.")
    private boolean freeze;

    @Option(names = "--reason", required = true, description = "Why, for the record.")
    private String reason;

    @Override
    public Integer call() throws ConfigurationException, StartupException, IOException {
      PrintWriter out = spec.commandLine().getOut();
      Map<String, Object> wanted = new HashMap<>();
      wanted.put("id", UUID.randomUUID());
      wanted.put("repositories", repositories);
      wanted.put("tag", what == null ? null : what.tag);
      wanted.put("digest", what == null || what.digest == null ? null : what.digest.text());
      wanted.put("freeze", freeze);
      wanted.put("reason", reason);
      try (Client client = options.connect()) {
        JsonNode hold = client.post(Address.HOLDS, output.actFormat(), wanted);
        output.answer(
            out,
            hold,
            () ->
                "Hold %s on %s is in force%s"
                    .formatted(
                        hold.path("id").asText(),
                        scope(hold),
                        hold.has("coversNothing") ? "; there is nothing now that it covers" : ""));
        return 0;
      }
    }
  }

  /** {@code stele hold list}. */
  @Command(name = "list", description = "Lists the holds in force, newest first.")
  static final class Listing extends QuestionCommand {
    @Option(names = "--all", description = "Also those that were released.")
    private boolean all;

    @Override
    Asking asking() {
      return Asking.list(Address.HOLDS).with("state", all ? "all" : "active");
    }
  }

  /** {@code stele hold release}. */
  @Command(
      name = "release",
      description = {
        "Ends a hold. What only it kept has a whole grace period from then. Exit status 3 if that"
            + " takes more persons, who ask for it likewise."
      },
      mixinStandardHelpOptions = true)
  static final class Release implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ServerOptions options;
    @Mixin private RowOutput output;

    @Parameters(paramLabel = "ID", description = "As stele hold list shows it.")
    private UUID id;

    @Option(names = "--reason", required = true, description = "Why, for the record.")
    private String reason;

    @Override
    public Integer call() throws ConfigurationException, StartupException, IOException {
      PrintWriter out = spec.commandLine().getOut();
      String address = Asking.one(Address.HOLD_RELEASE).at("id", id).address();
      try (Client client = options.connect()) {
        JsonNode answer = client.post(address, output.actFormat(), Map.of("reason", reason));
        boolean waiting = answer.has("needed");
        output.answer(
            out,
            answer,
            () ->
                waiting
                    ? "Hold %s stays for now: %s".formatted(id, Waiting.words(answer))
                    : "Hold %s on %s is released, by %s at %s"
                        .formatted(
                            id,
                            scope(answer),
                            answer.at("/released/actor").asText("somebody who was forgotten"),
                            answer.at("/released/at").asText()));
        return waiting ? Waiting.STATUS : 0;
      }
    }
  }
}
