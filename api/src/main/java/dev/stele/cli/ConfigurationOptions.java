package dev.stele.cli;

import dev.stele.server.ListenAddress;
import dev.stele.server.Logging;
import dev.stele.server.config.Configuration;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.config.ConfigurationReader;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/** The options by which a command finds the registry's data. */
final class ConfigurationOptions {
  private static final String DATA = "STELE_DATA";

  @Option(
      names = "--data",
      paramLabel = "DIR",
      description =
          "Where everything is kept. Default: ./stele-data, for what asks if no server is named or"
              + " logged in to")
  private Path data;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description =
          "A YAML file with the configuration, else the one that STELE_CONFIG names. Each key is"
              + " also an environment variable.")
  private Path config;

  /** Whether one of them is there. */
  boolean given() {
    return data != null || config != null;
  }

  /** Whether the environment says where the data is. */
  boolean inEnvironment() {
    return System.getenv(DATA) != null || System.getenv(ConfigurationReader.FILE_VARIABLE) != null;
  }

  /**
   * The data folder, if there is no file to read it from: then nothing of a configuration has to be
   * loaded in order to find a server that runs.
   */
  Optional<Path> folder() {
    if (config != null || System.getenv(ConfigurationReader.FILE_VARIABLE) != null) {
      return Optional.empty();
    }
    return Optional.ofNullable(data)
        .or(() -> Optional.ofNullable(System.getenv(DATA)).filter(v -> !v.isEmpty()).map(Path::of))
        .or(() -> Optional.of(Path.of("stele-data")));
  }

  /** Reads the configuration; from then on the log is written as it says. */
  Configuration read(Optional<ListenAddress> listen) throws ConfigurationException {
    Configuration configuration = load(listen).configuration();
    Logging.use(configuration.logFormat());
    return configuration;
  }

  /** Reads the configuration with where each value comes from. */
  ConfigurationReader.Loaded load(Optional<ListenAddress> listen) throws ConfigurationException {
    Map<String, String> options = new TreeMap<>();
    listen.ifPresent(address -> options.put("listen", address.toString()));
    if (data != null) {
      options.put("data", data.toString());
    }
    if (config == null && "".equals(System.getenv(ConfigurationReader.FILE_VARIABLE))) {
      throw new ConfigurationException(
          List.of(
              ConfigurationReader.FILE_VARIABLE + " is empty: have it name a file, or unset it"));
    }
    Optional<Path> file =
        Optional.ofNullable(config)
            .or(
                () ->
                    Optional.ofNullable(System.getenv(ConfigurationReader.FILE_VARIABLE))
                        .map(Path::of));
    return ConfigurationReader.load(file, System.getenv(), options);
  }
}
