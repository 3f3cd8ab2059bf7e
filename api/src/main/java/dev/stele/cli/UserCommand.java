package dev.stele.cli;

import dev.stele.server.auth.UserFile;
import dev.stele.server.config.ConfigurationException;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele user}: who can sign in. */
@Command(
    name = "user",
    description = {
      "Says who can sign in: edits the htpasswd file of the configuration, which a running server"
          + " reads again within a second."
    },
    subcommands = {
      UserCommand.Add.class,
      UserCommand.Password.class,
      UserCommand.Remove.class,
      UserCommand.Listing.class
    })
final class UserCommand extends CommandGroup {
  /** Where the users are. A mixin. */
  static final class FileOptions {
    @Mixin private ConfigurationOptions options;

    @Option(
        names = "--file",
        paramLabel = "FILE",
        description = "The htpasswd file, if it is another than the configuration's.")
    private Path file;

    UserFile file(CommandSpec spec) throws ConfigurationException {
      if (file != null) {
        return new UserFile(file);
      }
      Optional<Path> configured =
          options.load(Optional.empty()).configuration().signIn().htpasswd();
      return new UserFile(
          configured.orElseThrow(
              () ->
                  new ParameterException(
                      spec.commandLine(),
                      "the configuration names no htpasswd file: set htpasswd, or name one with"
                          + " --file")));
    }
  }

  /** What each command about one user has. */
  abstract static class OfOne implements Callable<Integer> {
    @Spec CommandSpec spec;
    @Mixin private FileOptions options;

    @Parameters(paramLabel = "NAME", description = "The user's name, without a colon.")
    private String name;

    @Override
    public final Integer call() throws IOException, ConfigurationException {
      UserFile users = options.file(spec);
      String done;
      try {
        done = edit(users, name);
      } catch (IllegalArgumentException e) {
        throw new ParameterException(spec.commandLine(), e.getMessage(), e);
      }
      PrintWriter out = spec.commandLine().getOut();
      out.printf("%s %s (%s)%n", name, done, users.path());
      out.flush();
      return 0;
    }

    /** Edits the file; returns what was done, in words that follow the name. */
    abstract String edit(UserFile users, String user) throws IOException;
  }

  /** {@code stele user add}. */
  @Command(
      name = "add",
      description = {
        "Lets somebody sign in. The password is asked for on a terminal, or read with"
            + " --password-stdin."
      },
      mixinStandardHelpOptions = true)
  static final class Add extends OfOne {
    @Mixin private NewPassword password;

    @Override
    String edit(UserFile users, String user) throws IOException {
      users.requireAbsent(user);
      users.add(user, password.read(spec, user));
      return "can sign in";
    }
  }

  /** {@code stele user password}. */
  @Command(
      name = "password",
      description =
          "Gives somebody another password; the old one ends within a second, and the tokens that"
              + " it got within five minutes.",
      mixinStandardHelpOptions = true)
  static final class Password extends OfOne {
    @Mixin private NewPassword password;

    @Override
    String edit(UserFile users, String user) throws IOException {
      users.requirePresent(user);
      users.change(user, password.read(spec, user));
      return "has another password";
    }
  }

  /** {@code stele user remove}. */
  @Command(
      name = "remove",
      description = "Ends that somebody can sign in, and their tokens, within a second.",
      mixinStandardHelpOptions = true)
  static final class Remove extends OfOne {
    @Override
    String edit(UserFile users, String user) throws IOException {
      users.remove(user);
      return "cannot sign in any more";
    }
  }

  /** {@code stele user list}. */
  @Command(name = "list", description = "Names who can sign in.", mixinStandardHelpOptions = true)
  static final class Listing implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private FileOptions options;

    @Override
    public Integer call() throws IOException, ConfigurationException {
      PrintWriter out = spec.commandLine().getOut();
      options.file(spec).names().forEach(out::println);
      out.flush();
      return 0;
    }
  }

  /** Where a new password comes from. A mixin. */
  static final class NewPassword {
    @Option(names = "--password-stdin", description = "Read the password from standard input.")
    private boolean fromInput;

    @SuppressWarnings("SystemConsoleNull") // There may be none at all.
    private String read(CommandSpec spec, String user) throws IOException {
      if (fromInput) {
        return new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
            .replaceFirst("\r?\n$", "");
      }
      Console console = System.console();
      if (console == null || !console.isTerminal()) {
        throw new ParameterException(
            spec.commandLine(), "no terminal to ask for the password: use --password-stdin");
      }
      char[] typed = console.readPassword("New password of %s: ", user);
      char[] again = console.readPassword("Once more: ");
      if (typed == null || !Arrays.equals(typed, again)) {
        throw new ParameterException(spec.commandLine(), "these were two passwords: try again");
      }
      return new String(typed);
    }
  }
}
