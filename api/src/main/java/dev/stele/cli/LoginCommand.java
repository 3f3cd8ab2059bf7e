package dev.stele.cli;

import dev.stele.question.Address;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
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

  @Override
  public Integer call() throws IOException {
    ServerUrl url;
    try {
      url = ServerUrl.parse(server);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
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
