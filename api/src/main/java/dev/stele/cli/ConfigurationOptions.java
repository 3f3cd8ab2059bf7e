package dev.stele.cli;

import dev.stele.server.ListenAddress;
import dev.stele.server.config.Configuration;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.config.ConfigurationReader;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** The options by which every command finds the registry's data. */
final class ConfigurationOptions {
  @Option(
      names = "--data",
      paramLabel = "DIR",
      description = "Where everything is kept. Default: ./stele-data")
  private Path data;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "A YAML file with the configuration. Each key is also an environment variable.")
  private Path config;

  Configuration read(Optional<ListenAddress> listen) throws ConfigurationException {
    return ConfigurationReader.read(Optional.ofNullable(config), System.getenv())
        .with(listen, Optional.ofNullable(data));
  }
}
