package dev.stele.cli;

import dev.stele.question.Address;
import dev.stele.registry.Webhooks;
import dev.stele.server.Inspection;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

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
  abstract static class OnOne extends MaintenanceCommand {
    @Parameters(paramLabel = "NAME", description = "As in the configuration.")
    private String name;

    /** Returns false if there is no such webhook. */
    abstract boolean apply(Webhooks webhooks, String name);

    /** What is to be said when it is done. */
    abstract String done(String name);

    @Override
    public final Integer call() throws ConfigurationException, StartupException, IOException {
      CommandSpec spec = spec();
      if (!spec.parent().commandLine().getParseResult().matchedOptionsSet().isEmpty()) {
        throw new ParameterException(
            spec.commandLine(),
            "options stand after %s: it opens the data folder, and asks no server"
                .formatted(spec.name()));
      }
      return super.call();
    }

    @Override
    final int run(Inspection inspection, PrintWriter out) {
      if (!apply(inspection.registry().webhooks(), name)) {
        return refuse("there is no webhook " + name + "; stele webhooks lists those there are");
      }
      out.println(done(name));
      return 0;
    }
  }

  /** {@code stele webhooks resume}. */
  @Command(
      name = "resume",
      description = {
        "Lets a webhook try again at once that is paused, since its receiver answered 410, or that"
            + " waits after a failure. It goes on with the event that was due.",
        "Opens the data folder (--data, --config), never the server of a login."
      })
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
      })
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
