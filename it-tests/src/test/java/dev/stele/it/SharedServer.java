package dev.stele.it;

import dev.stele.blob.S3Endpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Gives tests one running server as a {@link SteleProcess} or {@link RegistryClient} parameter. It
 * is started when first asked for and serves every class that asks (one on local disk, another on a
 * bucket), so each test uses a repository of its own. When the last class has run, it must stop in
 * good order.
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
            .computeIfAbsent(
                onBucket(context) ? "bucket" : "disk",
                _ -> new Running(onBucket(context)),
                Running.class);
    return parameter.getParameter().getType() == SteleProcess.class
        ? running.server
        : running.client;
  }

  private static boolean onBucket(ExtensionContext context) {
    return context.getRequiredTestClass().isAnnotationPresent(OnBucket.class);
  }

  /** The server and its folder, closed by JUnit when all tests have run. */
  private static final class Running implements AutoCloseable {
    private final Path folder;
    private final Optional<S3Endpoint> bucket;
    private final SteleProcess server;
    private final RegistryClient client;

    Running(boolean onBucket) {
      try {
        folder = Files.createTempDirectory("stele-it");
        bucket = onBucket ? Optional.of(new S3Endpoint()) : Optional.empty();
        bucket.ifPresent(endpoint -> endpoint.createBucket("images"));
        server =
            SteleProcess.start(
                folder.resolve("data"), bucket.map(Running::configuration).orElse(Map.of()));
        client = server.client();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("interrupted while the server started", e);
      }
    }

    private static Map<String, String> configuration(S3Endpoint endpoint) {
      return Map.of(
          "STELE_STORES_DEFAULT_TYPE", "s3",
          "STELE_STORES_DEFAULT_ENDPOINT", endpoint.uri().toString(),
          "STELE_STORES_DEFAULT_BUCKET", "images",
          "STELE_STORES_DEFAULT_ACCESS_KEY", S3Endpoint.CREDENTIALS.accessKey(),
          "STELE_STORES_DEFAULT_SECRET_KEY", S3Endpoint.CREDENTIALS.secretKey());
    }

    @Override
    public void close() throws IOException, InterruptedException {
      try (server) {
        server.stop();
      }
      if (bucket.isPresent()) {
        bucket.get().close();
      }
      try (Stream<Path> files = Files.walk(folder)) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }
}
