package dev.stele.cli;

import dev.stele.question.Address;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele login}. */
@Command(
    name = "login",
    description = {
      "Saves which server commands ask and as whom, once the server lets them in: in"
          + " ~/.config/stele/login.json, which nobody else can read."
    },
    mixinStandardHelpOptions = true)
final class LoginCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private PasswordOptions password;

  @Parameters(paramLabel = "URL", description = "Such as https://registry.example.com.")
  private String server;

  @Option(
      names = "--oidc",
      paramLabel = "NAME",
      description =
          "Sign in at this issuer of the server, in a browser on whatever machine. The session that"
              + " begins is saved.")
  private String issuer;

  @Option(
      names = "--print-token",
      description =
          "With --oidc: print the session's token and save nothing. It is the password of the user"
              + " oidc for docker, podman, skopeo and the like.")
  private boolean printToken;

  @Override
  public Integer call() throws IOException {
    ServerUrl url;
    try {
      url = ServerUrl.parse(server);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
    if (issuer != null) {
      return byIssuer(url);
    }
    if (printToken) {
      throw new ParameterException(spec.commandLine(), "--print-token goes with --oidc");
    }
    Login login = new Login(url.toString(), "", "");
    if (password.given() || !letsIn(url, login)) {
      password.askForUser(spec, url);
      login = password.login(spec, url);
      check(url, login);
    }
    login.save(Login.file());
    PrintWriter out = spec.commandLine().getOut();
    out.println(
        "Commands ask %s from now on, and hold and restore there; stele logout ends that"
            .formatted(
                login.user().isEmpty()
                    ? url + " as nobody in particular"
                    : "%s as %s".formatted(url, login.user())));
    if (!login.user().isEmpty() && letsIn(url, new Login(url.toString(), "", ""))) {
      out.println("It lets everybody in, so that nothing may have checked the password");
    }
    out.flush();
    return 0;
  }

  private int byIssuer(ServerUrl url) throws IOException {
    if (password.given()) {
      throw new ParameterException(spec.commandLine(), "--user and --oidc: sign in by one of them");
    }
    password.requireConfidential(spec, url);
    PrintWriter err = spec.commandLine().getErr();
    PrintWriter out = spec.commandLine().getOut();
    DeviceLogin.Done done;
    try (Client client = ServerOptions.client(url, new Login(url.toString(), "", ""))) {
      done = new DeviceLogin(client, issuer, err).signIn();
    }
    if (printToken) {
      out.println(done.token());
    } else {
      Login.session(url, done.token()).save(Login.file());
      out.printf(
          "Commands ask %s as %s until %s; stele logout ends that%n",
          url, done.user(), done.expires());
    }
    out.flush();
    return 0;
  }

  /** Whether a server needs no user. */
  private static boolean letsIn(ServerUrl url, Login nobody) throws IOException {
    try {
      check(url, nobody);
      return true;
    } catch (AnsweredException e) {
      if (e.status() == 401) {
        return false;
      }
      throw e;
    }
  }

  /** Whoever is let in may do something, but perhaps not what is asked here. */
  private static void check(ServerUrl url, Login login) throws IOException {
    try (Client client = ServerOptions.client(url, login)) {
      client.ask(Asking.list(Address.REPOSITORIES).most(1), "json");
    } catch (AnsweredException e) {
      if (e.status() != 403) {
        throw e;
      }
    }
  }
}
