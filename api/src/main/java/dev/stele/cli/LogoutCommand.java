package dev.stele.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code stele logout}. */
@Command(
    name = "logout",
    description = "Forgets what 'stele login' saved.",
    mixinStandardHelpOptions = true)
final class LogoutCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    boolean there = Files.deleteIfExists(Login.file());
    PrintWriter out = spec.commandLine().getOut();
    out.println(there ? "The login is forgotten" : "There was no login");
    out.flush();
    return 0;
  }
}
