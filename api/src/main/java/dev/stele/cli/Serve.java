package dev.stele.cli;

import dev.stele.server.ListenAddress;
import dev.stele.server.LocalAccess;
import dev.stele.server.Logging;
import dev.stele.server.Node;
import dev.stele.server.ServerSettings;
import dev.stele.server.StartupException;
import dev.stele.server.SteleServer;
import dev.stele.server.auth.LocalCredential;
import dev.stele.server.auth.SourceMetrics;
import dev.stele.server.config.Configuration;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.config.ConfigurationReader;
import dev.stele.server.config.Setting;
import java.io.PrintWriter;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;

/** {@code stele serve}: runs the registry until it is told to stop. */
@Command(
    name = "serve",
    description = {
      "Runs the registry until Ctrl-C or SIGTERM. Without a configuration it starts a PostgreSQL of"
          + " its own in the data folder and keeps blobs there."
    },
    mixinStandardHelpOptions = true)
final class Serve implements Callable<Integer> {
  private static final Logger logger = LoggerFactory.getLogger(Serve.class);

  @Spec private CommandSpec spec;

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      description = "Where to listen; port 0 takes a free one. Default: 127.0.0.1:5000",
      converter = AddressConverter.class)
  private ListenAddress listen;

  @Mixin private ConfigurationOptions options;

  /** What was read last. */
  private volatile Configuration inForce;

  /** Reads HOST:PORT. */
  static final class AddressConverter implements ITypeConverter<ListenAddress> {
    @Override
    public ListenAddress convert(String text) {
      try {
        return ListenAddress.parse(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    }
  }

  @Override
  public Integer call() throws Exception {
    ConfigurationReader.Loaded started = options.load(Optional.ofNullable(listen));
    Configuration configuration = started.configuration();
    Logging.use(configuration.logFormat());
    ServerSettings settings = ServerSettings.of(configuration);
    SteleServer.check(settings);
    SteleServer.checkAddress(settings);
    CountDownLatch stop = new CountDownLatch(1);
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("shutdown")
                .unstarted(
                    () -> {
                      stop.countDown();
                      awaitUninterruptibly(stopped);
                    }));
    Path data = configuration.data().toAbsolutePath().normalize();
    LocalCredential credential = LocalCredential.random(false);
    try (Node node = Node.serve(configuration);
        // Ends after the server, so that nothing that was asked of it comes later on record.
        ServerLife life = new ServerLife(node.registry());
        SteleServer server =
            SteleServer.start(node.engine(), node.meters(), settings.withLocal(credential));
        AutoCloseable _ = publish(server, credential, data)) {
      life.begin(server.address(), started.settings());
      inForce = configuration;
      SourceMetrics metrics = new SourceMetrics(node.meters(), "configuration");
      metrics.succeeded();
      ReloadSignal.handle(() -> reload(node, server, started, life, metrics));
      announce(server, data, settings.canSignIn());
      stop.await();
      logger.info("stopping: requests in flight may finish");
    } finally {
      stopped.countDown();
    }
    return 0;
  }

  /** What a SIGHUP does. What cannot be read changes nothing. */
  private void reload(
      Node node,
      SteleServer server,
      ConfigurationReader.Loaded started,
      ServerLife life,
      SourceMetrics metrics) {
    try {
      ConfigurationReader.Loaded next = options.load(Optional.ofNullable(listen));
      Configuration before = inForce;
      SteleServer.checkAccess(next.configuration().access(), before.canSignIn());
      node.reload(next.configuration());
      server.adopt(next.configuration().access());
      inForce = next.configuration();
      List<Setting> holds = new ArrayList<>();
      for (Setting setting : next.settings()) {
        boolean changed = started.settings().stream().noneMatch(setting::sameValue);
        if (changed && !isReadAgain(setting)) {
          logger.warn("{} changed, which takes effect at the next start only", setting.path());
        }
        if (!changed || isReadAgain(setting)) {
          holds.add(setting);
        }
      }
      started.settings().stream()
          .filter(setting -> !isReadAgain(setting))
          .filter(setting -> holds.stream().noneMatch(setting::sameValue))
          .forEach(holds::add);
      life.changed(holds);
      metrics.succeeded();
      logger.info("the configuration was read again: {}", changes(before, inForce));
    } catch (ConfigurationException | StartupException | RuntimeException e) {
      metrics.failed();
      logger.error(
          "the configuration cannot be put in force, so the old one stays: {}", e.getMessage());
    }
  }

  private static boolean isReadAgain(Setting setting) {
    return setting.path().startsWith("retention.")
        || setting.path().equals("access")
        || setting.path().startsWith("tags.");
  }

  /** What a reload put in force. */
  private static String changes(Configuration before, Configuration now) {
    List<String> changed = new ArrayList<>();
    if (!before.access().equals(now.access())) {
      changed.add("access policy");
    }
    if (!before.retention().equals(now.retention())) {
      changed.add("retention policy");
    }
    if (!before.immutableTags().equals(now.immutableTags())) {
      changed.add("immutable tags");
    }
    return changed.isEmpty()
        ? "nothing changed that takes effect now"
        : "changed: " + String.join(", ", changed);
  }

  /** Lets commands beside the server find it, if it listens where they can be known to be here. */
  private static AutoCloseable publish(SteleServer server, LocalCredential credential, Path data)
      throws StartupException {
    Optional<URI> local = server.localUrl();
    if (local.isEmpty()) {
      logger.info(
          "commands of this machine open the database themselves: {} is no loopback address",
          server.address());
      return () -> {};
    }
    return new LocalAccess(local.get(), credential).publish(data);
  }

  private void announce(SteleServer server, Path data, boolean users) {
    PrintWriter out = spec.commandLine().getOut();
    out.println("Stele listens on " + server.url());
    out.println("Data is in " + data);
    if (!users) {
      out.println("No htpasswd: no password is checked, and everybody is recorded as anonymous");
    }
    out.println(
        "Try: skopeo copy "
            + (server.url().getScheme().equals("https") ? "" : "--dest-tls-verify=false ")
            + "docker://docker.io/library/alpine docker://"
            + server.address()
            + "/demo/alpine:latest");
    out.flush();
  }

  /** The JVM halts when its hooks end, so this one lasts until everything is closed. */
  private static void awaitUninterruptibly(CountDownLatch latch) {
    boolean interrupted = false;
    while (true) {
      try {
        latch.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
