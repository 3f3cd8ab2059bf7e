package dev.stele.it;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How the tests start the program's JVM. Most of these processes live for seconds and would spend
 * them on reading classes. So a first server writes down the classes it loaded, and those after it
 * map them.
 *
 * <p>Only classes of jars can be written down: where the program's lie in a folder, as in a
 * development environment, every start is a slow one. Thread-safe.
 */
final class ClassArchive {
  private static final Path MAIN_CLASS = Path.of("dev", "stele", "cli", "Stele.class");

  /**
   * Most of these processes are gone before code that is compiled thoroughly would pay, and two
   * processors have no use for more collectors than one.
   */
  private static final List<String> JVM_OPTIONS =
      Stream.of(
              System.getProperty(
                      "stele.test.jvm-options", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")
                  .split(" ", -1))
          .filter(option -> !option.isEmpty())
          .toList();

  /** Empty until somebody asked, and if there can be none. */
  private static Optional<Path> archive = Optional.empty();

  private static boolean tried;

  private ClassArchive() {}

  /** Options of the JVM, with its class path. Who asks first waits for a server's whole life. */
  static synchronized List<String> options() throws IOException, InterruptedException {
    List<String> path =
        Arrays.asList(System.getProperty("java.class.path").split(File.pathSeparator));
    boolean inJars =
        path.stream().noneMatch(entry -> Files.exists(Path.of(entry).resolve(MAIN_CLASS)));
    if (inJars && !tried) {
      tried = true; // What makes it asks here too.
      archive = make();
    }
    List<String> options = new ArrayList<>(JVM_OPTIONS);
    archive.ifPresent(
        file -> {
          options.add("-XX:SharedArchiveFile=" + file);
          // Under another clock the jars have other times: such a process does without, silently.
          options.add("-Xlog:cds*=off");
        });
    options.add("-cp");
    options.add(
        path.stream()
            .filter(entry -> !inJars || Files.isRegularFile(Path.of(entry)))
            .collect(Collectors.joining(File.pathSeparator)));
    return options;
  }

  private static Optional<Path> make() throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("stele-classes");
    Path file = Files.createTempFile("stele-classes", ".jsa");
    file.toFile().deleteOnExit();
    try (SteleProcess server =
        SteleProcess.start(folder.resolve("data"), "-XX:ArchiveClassesAtExit=" + file)) {
      server.stop();
    }
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path each : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
    return Optional.of(file).filter(made -> made.toFile().length() > 0);
  }
}
