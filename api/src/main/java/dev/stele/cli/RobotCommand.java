package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.RobotName;
import dev.stele.question.Address;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.http.PercentEncoding;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele robot}: accounts for programs. */
@Command(
    name = "robot",
    description = {
      "Robots: accounts for programs. One signs in as robot+<name>, with a key that expires.",
      "What it may do, the access policy says, under that name."
    },
    subcommands = {
      RobotCommand.Create.class,
      RobotCommand.Key.class,
      RobotCommand.Listing.class,
      RobotCommand.Remove.class
    })
final class RobotCommand extends CommandGroup {
  /** What each command about one robot has. */
  abstract static class OfOne implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ServerOptions options;
    @Mixin RowOutput output;

    @Parameters(index = "0", paramLabel = "NAME", description = "The robot's name.")
    RobotName name;

    /** What is asked, at which address. */
    abstract String address();

    Map<String, Object> body() {
      return Map.of();
    }

    /** Tells what was done. */
    abstract void tell(PrintWriter out, PrintWriter err, JsonNode answer);

    @Override
    public final Integer call() throws ConfigurationException, StartupException, IOException {
      try (Client client = options.connect()) {
        JsonNode answer = client.post(address(), output.actFormat(), body());
        tell(spec.commandLine().getOut(), spec.commandLine().getErr(), answer);
        return 0;
      }
    }

    final String ofRobot(String template) {
      return template.replace("{robot}", name.value());
    }
  }

  /** What makes a key prints it, and nothing else where output goes. */
  abstract static class Issuing extends OfOne {
    @Option(
        names = "--expires",
        paramLabel = "DURATION",
        description = "For how long the key counts, such as 30d; as configured if left out.")
    private String expires;

    @Override
    Map<String, Object> body() {
      Map<String, Object> body = new HashMap<>();
      body.put("expires", expires);
      return body;
    }

    @Override
    final void tell(PrintWriter out, PrintWriter err, JsonNode answer) {
      if (!output.forPeople()) {
        output.answer(out, answer, () -> "");
        return;
      }
      err.printf(
          "%s can sign in until %s by key %s, which is shown this once:%n",
          answer.path("user").asText(),
          answer.path("expires").asText(),
          answer.path("keyId").asText());
      err.flush();
      out.println(answer.path("key").asText());
      out.flush();
    }
  }

  /** {@code stele robot create}. */
  @Command(
      name = "create",
      description = {
        "Makes a robot, and prints its first key: alone to standard output, what else there is to"
            + " say goes where errors are told."
      },
      mixinStandardHelpOptions = true)
  static final class Create extends Issuing {
    @Option(names = "--description", description = "What it is for, a line.")
    private String description;

    @Override
    String address() {
      return Address.ROBOTS;
    }

    @Override
    Map<String, Object> body() {
      Map<String, Object> body = super.body();
      body.put("name", name.value());
      body.put("description", description);
      return body;
    }
  }

  /** {@code stele robot key}. */
  @Command(
      name = "key",
      description = "The keys of a robot, of which two may count at a time.",
      subcommands = {Issue.class, Revoke.class})
  static final class Key extends CommandGroup {}

  /** {@code stele robot key issue}. */
  @Command(
      name = "issue",
      description = {
        "Gives a robot one more key, and prints it as create does. The other one counts on: put the"
            + " new one where it is used, then revoke the old one."
      },
      mixinStandardHelpOptions = true)
  static final class Issue extends Issuing {
    @Override
    String address() {
      return ofRobot(Address.ROBOT_KEYS);
    }
  }

  /** What tells in a sentence what was done. */
  abstract static class Ending extends OfOne {
    /** That sentence. */
    abstract String done(JsonNode robot);

    @Override
    final void tell(PrintWriter out, PrintWriter err, JsonNode answer) {
      output.answer(out, answer, () -> done(answer));
    }
  }

  /** {@code stele robot key revoke}. */
  @Command(
      name = "revoke",
      description = "Ends a key at once, and the tokens that were got by it.",
      mixinStandardHelpOptions = true)
  static final class Revoke extends Ending {
    @Parameters(index = "1", paramLabel = "KEYID", description = "As stele robot list shows it.")
    private String keyId;

    @Override
    String address() {
      return ofRobot(Address.ROBOT_KEY_REVOCATION).replace("{key}", PercentEncoding.encode(keyId));
    }

    @Override
    String done(JsonNode robot) {
      return "Key %s of %s does not count any more".formatted(keyId, robot.path("user").asText());
    }
  }

  /** {@code stele robot list}. */
  @Command(name = "list", description = "Lists the robots and their keys.")
  static final class Listing extends QuestionCommand {
    @Override
    Asking asking() {
      return Asking.list(Address.ROBOTS);
    }
  }

  /** {@code stele robot remove}. */
  @Command(
      name = "remove",
      description = {
        "Ends a robot's account with all its keys, at once. The access policy may name it still:"
            + " whoever gets the name next has those rights."
      },
      mixinStandardHelpOptions = true)
  static final class Remove extends Ending {
    @Override
    String address() {
      return ofRobot(Address.ROBOT_REMOVAL);
    }

    @Override
    String done(JsonNode robot) {
      return robot.path("user").asText() + " cannot sign in any more";
    }
  }
}
