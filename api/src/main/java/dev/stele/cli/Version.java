package dev.stele.cli;

import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code stele version}. */
@Command(
    name = "version",
    description = "Prints the version of Stele and of its Java.",
    mixinStandardHelpOptions = true)
final class Version implements Callable<Integer>, IVersionProvider {
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    for (String line : getVersion()) {
      spec.commandLine().getOut().println(line);
    }
    return 0;
  }

  /** The version of what runs. */
  static String number() {
    return Optional.ofNullable(Stele.class.getPackage().getImplementationVersion())
        .orElse("(development build)");
  }

  @Override
  public String[] getVersion() {
    return new String[] {
      "stele " + number(),
      "Java " + Runtime.version() + " (" + System.getProperty("java.vendor") + ")",
    };
  }
}
