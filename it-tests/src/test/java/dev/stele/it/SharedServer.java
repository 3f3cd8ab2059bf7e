package dev.stele.it;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests one running server as a {@link SteleProcess} or {@link RegistryClient} parameter. It
 * is started when first asked for and serves every class that asks, so each test uses a repository
 * of its own. When the last class has run, it must stop in good order.
 */
final class SharedServer implements ParameterResolver {
  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    Class<?> type = parameter.getParameter().getType();
    return type == SteleProcess.class || type == RegistryClient.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Running running =
        context
            .getRoot()
            .getStore(Namespace.create(SharedServer.class))
            .computeIfAbsent(Running.class, type -> new Running(), Running.class);
    return parameter.getParameter().getType() == SteleProcess.class
        ? running.server
        : running.client;
  }

  /** The server and its folder, closed by JUnit when all tests have run. */
  private static final class Running implements AutoCloseable {
    private final Path folder;
    private final SteleProcess server;
    private final RegistryClient client;

    Running() {
      try {
        folder = Files.createTempDirectory("stele-it");
        server = SteleProcess.start(folder.resolve("data"));
        client = server.client();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while the server started", e);
      }
    }

    @Override
    public void close() throws IOException, InterruptedException {
      try (server) {
        server.stop();
      }
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
