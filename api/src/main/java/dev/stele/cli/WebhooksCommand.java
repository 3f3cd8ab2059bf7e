package dev.stele.cli;

import dev.stele.question.Address;
import dev.stele.registry.Webhooks;
import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele webhooks}: who is told of events, and how that goes. */
@Command(
    name = "webhooks",
    description = {
      "Lists the webhooks, how far each has come, and what went wrong. The server may be running or"
          + " not; it alone delivers."
    },
    subcommands = {WebhooksCommand.Resume.class, WebhooksCommand.Forget.class})
final class WebhooksCommand extends QuestionCommand {
  @Override
  Asking asking() {
    return Asking.one(Address.WEBHOOKS);
  }

  /** What is done to a webhook by its name. */
  abstract static class OnOne implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ConfigurationOptions options;

    @Parameters(paramLabel = "NAME", description = "As in the configuration.")
    private String name;

    /** Returns false if there is no such webhook. */
    abstract boolean apply(Webhooks webhooks, String name);

    /** What is to be said when it is done. */
    abstract String done(String name);

    @Override
    public Integer call() throws ConfigurationException, StartupException {
      if (!spec.parent().commandLine().getParseResult().matchedOptionsSet().isEmpty()) {
        throw new ParameterException(
            spec.commandLine(),
            "options stand after %s: it opens the data folder, and asks no server"
                .formatted(spec.name()));
      }
      try (Inspection inspection = Inspection.open(options.read(Optional.empty()))) {
        boolean known = apply(inspection.registry().webhooks(), name);
        PrintWriter to = known ? spec.commandLine().getOut() : spec.commandLine().getErr();
        to.println(
            known
                ? done(name)
                : "stele: there is no webhook " + name + "; stele webhooks lists those there are");
        to.flush();
        return known ? 0 : 1;
      }
    }
  }

  /** {@code stele webhooks resume}. */
  @Command(
      name = "resume",
      description = {
        "Lets a webhook try again at once that is paused, since its receiver answered 410, or that"
            + " waits after a failure. It goes on with the event that was due.",
        "Opens the data folder (--data, --config), never the server of a login."
      },
      mixinStandardHelpOptions = true)
  static final class Resume extends OnOne {
    @Override
    boolean apply(Webhooks webhooks, String name) {
      return webhooks.resume(name);
    }

    @Override
    String done(String name) {
      return "Webhook " + name + " is tried again within seconds, while a server runs";
    }
  }

  /** {@code stele webhooks forget}. */
  @Command(
      name = "forget",
      description = {
        "Forgets how far a webhook has come. One that is configured begins anew: with the next"
            + " event, or the first one if it says from: start. One that is not leaves the list.",
        "Opens the data folder (--data, --config), never the server of a login."
      },
      mixinStandardHelpOptions = true)
  static final class Forget extends OnOne {
    @Override
    boolean apply(Webhooks webhooks, String name) {
      return webhooks.forget(name);
    }

    @Override
    String done(String name) {
      return "What was known of webhook " + name + " is forgotten";
    }
  }
}
