package dev.stele.cli;

import java.io.Console;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The options that say as whom a server is asked. A mixin. */
final class PasswordOptions {
  private static final String VARIABLE = "STELE_PASSWORD";

  @Option(
      names = "--user",
      paramLabel = "NAME",
      description =
          "A user of that server. The password is STELE_PASSWORD or is asked for on a terminal.")
  private String user;

  @Option(names = "--password-stdin", description = "Read the password from standard input.")
  private boolean fromInput;

  @Option(
      names = "--insecure",
      description = "Send a password although others may read it: by http to another machine.")
  private boolean insecure;

  /** Whether they name a user. */
  boolean given() {
    return user != null;
  }

  /**
   * What they say.
   *
   * @throws ParameterException if there is no password, or others could read it on its way
   */
  Login login(CommandSpec spec, ServerUrl url) throws IOException {
    if (user == null) {
      if (fromInput) {
        throw new ParameterException(
            spec.commandLine(), "--password-stdin is the password of a user: name one with --user");
      }
      return new Login(url.toString(), "", "");
    }
    if (user.isEmpty() || user.indexOf(':') >= 0) {
      throw new ParameterException(spec.commandLine(), "--user must name a user, without a colon");
    }
    requireConfidential(spec, url);
    return new Login(url.toString(), user, password(spec, url));
  }

  /**
   * Lets a secret go to a server.
   *
   * @throws ParameterException if others could read it on its way
   */
  void requireConfidential(CommandSpec spec, ServerUrl url) {
    if (!url.confidential() && !insecure) {
      throw new ParameterException(
          spec.commandLine(),
          "others could read the password on its way to %s: use https, or accept that with --insecure"
              .formatted(url));
    }
  }

  /** Asks for a user on a terminal, if none is given. */
  @SuppressWarnings("SystemConsoleNull")
  void askForUser(CommandSpec spec, ServerUrl url) {
    Console console = System.console();
    if (user == null && console != null && console.isTerminal()) {
      user = console.readLine("User of %s: ", url);
    }
    if (user == null) {
      throw new ParameterException(
          spec.commandLine(), url + " requires a user: name one with --user");
    }
  }

  @SuppressWarnings("SystemConsoleNull") // There may be none at all.
  private String password(CommandSpec spec, ServerUrl url) throws IOException {
    if (fromInput) {
      return new String(System.in.readAllBytes(), StandardCharsets.UTF_8)
          .replaceFirst("\r?\n$", "");
    }
    Optional<String> set = Optional.ofNullable(System.getenv(VARIABLE));
    if (set.isPresent()) {
      return set.get();
    }
    Console console = System.console();
    if (console != null && console.isTerminal()) {
      char[] typed = console.readPassword("Password of %s at %s: ", user, url);
      return typed == null ? "" : new String(typed);
    }
    throw new ParameterException(
        spec.commandLine(), "no password: set STELE_PASSWORD, or use --password-stdin");
  }
}
