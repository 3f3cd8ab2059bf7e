package dev.stele.cli;

import dev.stele.server.audit.SigningIn;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code stele logout}. */
@Command(
    name = "logout",
    description = "Forgets what 'stele login' saved, and ends the session if it was one.",
    mixinStandardHelpOptions = true)
final class LogoutCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    Optional<Login> session = Login.load().filter(Login::isSession);
    boolean there = Files.deleteIfExists(Login.file());
    if (session.isPresent()) {
      end(session.get());
    }
    PrintWriter out = spec.commandLine().getOut();
    out.println(there ? "The login is forgotten" : "There was no login");
    out.flush();
    return 0;
  }

  /** Whatever becomes of it, the file is gone. */
  private static void end(Login session) throws IOException {
    try (Client client = ServerOptions.client(ServerUrl.parse(session.server()), session)) {
      Client.Answer _ = client.post(SigningIn.LOGOUT, Map.of());
    } catch (AnsweredException e) {
      if (e.status() != 401) { // It had ended.
        throw e;
      }
    } catch (IOException e) {
      throw new IOException(
          "the login is forgotten here, but the session goes on until it expires or stele session"
              + " revoke ends it: "
              + e.getMessage(),
          e);
    }
  }
}
