package dev.stele.it;

import dev.stele.blob.S3Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests a client of a running registry as a {@link RegistryClient} parameter. There are
 * three, each started when first asked for, and each serves every class that asks: a server on
 * local disk, one on a bucket ({@link OnBucket}), and three servers together ({@link OnNodes}). So
 * each test uses a repository of its own. When the last class has run, they must stop in good
 * order.
 */
final class SharedServer implements ParameterResolver {
  private enum Kind {
    DISK,
    BUCKET,
    NODES
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == RegistryClient.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    Kind kind = kind(context.getRequiredTestClass());
    return context
        .getRoot()
        .getStore(Namespace.create(SharedServer.class))
        .computeIfAbsent(kind, _ -> new Running(kind), Running.class)
        .client;
  }

  private static Kind kind(Class<?> testClass) {
    if (testClass.isAnnotationPresent(OnNodes.class)) {
      return Kind.NODES;
    }
    return testClass.isAnnotationPresent(OnBucket.class) ? Kind.BUCKET : Kind.DISK;
  }

  /** What runs, closed by JUnit when all tests have run. */
  private static final class Running implements AutoCloseable {
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();
    private final Path folder;
    private final RegistryClient client;

    Running(Kind kind) {
      try {
        folder = Files.createTempDirectory("stele-it");
        client =
            switch (kind) {
              case DISK -> server(Map.of());
              case BUCKET -> {
                S3Endpoint endpoint = opened(new S3Endpoint());
                endpoint.createBucket(SharedStorage.BUCKET);
                yield server(SharedStorage.bucket(endpoint.uri()));
              }
              case NODES -> {
                SharedStorage storage = opened(SharedStorage.open());
                Nodes nodes = opened(Nodes.start(folder, 3, storage.environment()));
                opened.push(nodes::stop);
                yield nodes.client();
              }
            };
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while the server started", e);
      }
    }

    private RegistryClient server(Map<String, String> environment)
        throws IOException, InterruptedException {
      SteleProcess server = opened(SteleProcess.start(folder.resolve("data"), environment));
      opened.push(server::stop);
      return server.client();
    }

    private <T extends AutoCloseable> T opened(T closeable) {
      opened.push(closeable);
      return closeable;
    }

    @Override
    public void close() throws Exception {
      closeOpened();
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }

    /** Whatever fails to stop in good order, the others are stopped, too. */
    private void closeOpened() throws Exception {
      if (!opened.isEmpty()) {
        try {
          opened.pop().close();
        } finally {
          closeOpened();
        }
      }
    }
  }
}
