package dev.stele.server.config;

import static dev.stele.server.config.ConfigurationKey.choice;
import static dev.stele.server.config.ConfigurationKey.duration;
import static dev.stele.server.config.ConfigurationKey.list;
import static dev.stele.server.config.ConfigurationKey.number;
import static dev.stele.server.config.ConfigurationKey.path;
import static dev.stele.server.config.ConfigurationKey.text;
import static dev.stele.server.config.ConfigurationKey.truth;

import dev.stele.policy.RepositoryGlob;
import dev.stele.server.syslog.SyslogSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;

/** Reads {@code syslog.<name>.<key>}: where events are sent as syslog messages. */
final class SyslogReader {
  /** Every key of one. */
  static final List<ConfigurationKey<?>> KEYS =
      ConfigurationValues.asked(values -> new SyslogReader(values, List.of()).settings(""));

  private final ConfigurationValues values;
  private final NamedSections sections;

  SyslogReader(ConfigurationValues values) {
    this(values, KEYS);
  }

  private SyslogReader(ConfigurationValues values, List<ConfigurationKey<?>> keys) {
    this.values = values;
    this.sections = new NamedSections(values, "syslog", "a receiver of syslog", keys);
  }

  NamedSections sections() {
    return sections;
  }

  /** The receivers by name, those that can be used. */
  Map<String, SyslogSettings> build() {
    Map<String, SyslogSettings> built = new TreeMap<>();
    for (String name : sections.names()) {
      String section = sections.section(name);
      WebhooksReader.checkName(values, name, section);
      settings(section).ifPresent(settings -> built.put(name, settings));
    }
    return built;
  }

  private Optional<SyslogSettings> settings(String section) {
    Optional<String> host =
        sections.required(section, text("host", "the name or address of what receives messages"));
    boolean tls = values.get(section, truth("tls", "whether by TLS, rather than in clear", true));
    Optional<Path> caFile =
        values.find(section, path("ca-file", "a PEM file of who may vouch for the receiver"));
    if (!tls && caFile.isPresent()) {
      values.problem(section + "ca-file says nothing without " + section + "tls");
    }
    SyslogSettings settings =
        new SyslogSettings(
            host.orElse(""),
            values.get(section, number("port", "where it listens", 6514, 1, 65_535)),
            tls,
            caFile,
            values.get(
                section,
                choice(
                    "format",
                    "ocsf or cloudevents",
                    SyslogSettings.Format.class,
                    SyslogSettings.Format.OCSF)),
            values.get(section, number("facility", "the facility of every message", 13, 0, 23)),
            values.get(
                section,
                list(
                    "types",
                    "the types of events that are sent",
                    ',',
                    WebhooksReader::type,
                    Function.identity())),
            values.get(
                section,
                list(
                    "repositories",
                    "globs of the repositories whose events are sent",
                    ',',
                    RepositoryGlob::parse,
                    RepositoryGlob::toString)),
            values.get(
                section,
                duration(
                    "timeout",
                    "how long it may take to connect, and to write a message",
                    Duration.ofSeconds(10),
                    Duration.ofMillis(100),
                    Duration.ofMinutes(1))),
            values.get(
                    section,
                    choice(
                        "from", "now or start", WebhooksReader.From.class, WebhooksReader.From.NOW))
                == WebhooksReader.From.START);
    return host.map(_ -> settings);
  }
}
