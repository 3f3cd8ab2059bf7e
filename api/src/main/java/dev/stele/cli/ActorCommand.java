package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.Identity;
import dev.stele.question.Address;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele actor}: whom the record names. */
@Command(
    name = "actor",
    description = "Whom the record names, and how to forget somebody.",
    subcommands = {ActorCommand.Listing.class, ActorCommand.Forget.class})
final class ActorCommand extends CommandGroup {
  /** {@code stele actor list}. */
  @Command(name = "list", description = "Lists everybody who is known to have acted, by name.")
  static final class Listing extends QuestionCommand {
    @Parameters(
        paramLabel = "NAME",
        arity = "0..1",
        description = "Only those who are called that: there can be several, of other kinds.")
    private String name;

    @Override
    Asking asking() {
      return Asking.list(Address.ACTORS).with("name", name);
    }
  }

  /** {@code stele actor forget}. */
  @Command(
      name = "forget",
      description = {
        "Forgets who somebody is and where they came from. What they did stays on record, as done"
            + " by one and the same; an event says that they were forgotten, and by whom.",
        "This cannot be undone but from a backup of the database, nor does it change what names"
            + " them elsewhere: reasons, access policies, logs."
      },
      mixinStandardHelpOptions = true)
  static final class Forget implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ServerOptions options;
    @Mixin private RowOutput output;

    @Parameters(paramLabel = "NAME", description = "As stele actor list shows it.")
    private String name;

    @Option(
        names = "--id",
        description = "Which one, where several are called that; as stele actor list shows it.")
    private String id;

    @Option(names = "--reason", required = true, description = "Why, for the record.")
    private String reason;

    @Override
    public Integer call() throws ConfigurationException, StartupException, IOException {
      PrintWriter out = spec.commandLine().getOut();
      try (Client client = options.connect()) {
        List<JsonNode> called =
            StreamSupport.stream(
                    client
                        .ask(Asking.list(Address.ACTORS).with("name", name), "json")
                        .path("items")
                        .spliterator(),
                    false)
                .filter(each -> id == null || each.path("id").asText().equals(id))
                .toList();
        if (called.isEmpty()) {
          throw new ParameterException(
              spec.commandLine(),
              "the record knows nobody called '%s'%s; stele actor list shows the names"
                  .formatted(name, id == null ? "" : " with that id"));
        }
        if (called.size() > 1) {
          throw new ParameterException(
              spec.commandLine(),
              "several are called '%s': say which by --id: %s"
                  .formatted(
                      name,
                      called.stream()
                          .map(each -> each.path("id").asText() + " " + kind(each))
                          .collect(Collectors.joining(", "))));
        }
        JsonNode one = called.getFirst();
        JsonNode answer =
            client.post(
                Asking.one(Address.ACTOR_FORGET).at("id", one.path("id").asText()).address(),
                output.actFormat(),
                Map.of("reason", reason));
        output.answer(
            out,
            answer,
            () ->
                "%s (%s) is forgotten; what they did stays on record as done by %s"
                    .formatted(name, kind(one), one.path("id").asText()));
        return 0;
      }
    }

    private static String kind(JsonNode actor) {
      return Identity.Kind.valueOf(actor.path("kind").asText())
          + (actor.has("issuer") ? " of " + actor.path("issuer").asText() : "");
    }
  }
}
