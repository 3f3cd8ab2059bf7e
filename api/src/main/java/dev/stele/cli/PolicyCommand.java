package dev.stele.cli;

import dev.stele.oci.RepositoryName;
import dev.stele.policy.AccessPolicy;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.policy.AccessPolicy.Principal;
import dev.stele.server.config.Configuration;
import dev.stele.server.config.ConfigurationException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele policy}: who may do what. */
@Command(
    name = "policy",
    description = "Explains the access policy.",
    subcommands = PolicyCommand.Check.class)
final class PolicyCommand extends CommandGroup {
  /** {@code stele policy check}. */
  @Command(
      name = "check",
      description = {
        "Says whether somebody may do something in a repository, and why: by the configuration that"
            + " is read here as serve does, whether a server has it in force yet or not. Exit"
            + " status 0 if they may, 3 if not."
      },
      mixinStandardHelpOptions = true)
  static final class Check implements Callable<Integer> {
    private static final int REFUSED = 3;

    @Spec private CommandSpec spec;
    @Mixin private ConfigurationOptions options;

    @Parameters(
        index = "0",
        paramLabel = "USER",
        description = "The name of who asks; a dash for somebody who does not sign in.")
    private String user;

    @Parameters(
        index = "1",
        paramLabel = "ACTION",
        description = "What they would do: ${COMPLETION-CANDIDATES}.",
        completionCandidates = Actions.class)
    private Action action;

    @Parameters(
        index = "2",
        paramLabel = "REPOSITORY",
        description = "Where; it need not be there.")
    private RepositoryName repository;

    @Option(
        names = "--group",
        paramLabel = "GROUP",
        description =
            "A group that whoever signs them in says they are in, beside those of the policy.")
    private Set<String> groups = Set.of();

    @Override
    public Integer call() throws ConfigurationException {
      if (options.folder().isPresent()) {
        throw new ParameterException(
            spec.commandLine(),
            "no configuration was read, so nothing is known of a policy: name the server's with"
                + " --config, or STELE_CONFIG");
      }
      Configuration configuration = options.load(Optional.empty()).configuration();
      AccessPolicy policy = AccessPolicy.inForce(configuration.access(), configuration.canSignIn());
      Principal who =
          user.equals("-") ? Principal.ANONYMOUS : new Principal(Optional.of(user), groups, false);
      AccessPolicy.Decision decision = policy.explain(who, action, repository);
      spec.commandLine()
          .getOut()
          .printf(
              "%s: %s %s %s in %s%n%s%n",
              decision.allowed() ? "yes" : "no",
              user.equals("-") ? "whoever does not sign in" : user,
              decision.allowed() ? "may" : "may not",
              action.word(),
              repository,
              decision.by());
      return decision.allowed() ? 0 : REFUSED;
    }
  }

  /** The words of all actions. */
  static final class Actions extends ArrayList<String> {
    private static final long serialVersionUID = 1;

    Actions() {
      super(Arrays.stream(Action.values()).map(Action::word).toList());
    }
  }
}
