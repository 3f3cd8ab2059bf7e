package dev.stele.cli;

import dev.stele.server.Inspection;
import dev.stele.server.LocalAccess;
import dev.stele.server.OperatingSystemUser;
import dev.stele.server.StartupException;
import dev.stele.server.SteleServer;
import dev.stele.server.auth.LocalCredential;
import dev.stele.server.config.Configuration;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.http.PercentEncoding;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * The options by which a command finds the server that it asks: one that is named; else the one
 * that was logged in to; else the one that runs on the data folder, or one that the command is to
 * itself while none runs. A mixin.
 */
final class ServerOptions {
  private static final String VARIABLE = "STELE_SERVER";

  /** How long an answer may take to begin. A server's own limit is {@code audit.deadline}. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @Option(
      names = "--server",
      paramLabel = "URL",
      description =
          "The server to ask, such as https://registry.example.com, else the one that"
              + " STELE_SERVER names, or 'stele login' saved. Default: the one of the data folder")
  private String server;

  @Mixin private PasswordOptions password;
  @Mixin private ConfigurationOptions data;
  private Optional<Configuration> configuration = Optional.empty();

  /**
   * A client of that server.
   *
   * @throws ConfigurationException if the data folder's configuration is wrong
   * @throws StartupException if the data folder cannot be used
   * @throws IOException if the login that was saved cannot be read
   */
  Client connect() throws ConfigurationException, StartupException, IOException {
    Optional<Client> running = connectIfRunning();
    return running.isPresent() ? running.get() : Alone.client(configuration());
  }

  /** The same; empty if none is named and none runs on the data folder. */
  Optional<Client> connectIfRunning() throws ConfigurationException, StartupException, IOException {
    if (server != null && data.given()) {
      throw usage(
          "--server names a server, and --data or --config a folder of this machine: give one");
    }
    Map<String, String> environment = System.getenv();
    Optional<String> named =
        data.given()
            ? Optional.empty()
            : Optional.ofNullable(server).or(() -> Optional.ofNullable(environment.get(VARIABLE)));
    if (named.isPresent()) {
      ServerUrl url = url(named.get());
      Optional<Login> login = Login.load().filter(saved -> saved.server().equals(url.toString()));
      return Optional.of(
          client(
              url, password.given() || login.isEmpty() ? password.login(spec, url) : login.get()));
    }
    if (!data.given() && !data.inEnvironment()) {
      Optional<Login> login = Login.load();
      if (login.isPresent()) {
        ServerUrl url = url(login.get().server());
        return Optional.of(client(url, password.given() ? password.login(spec, url) : login.get()));
      }
    }
    if (password.given()) {
      throw usage("a user is one of a server: name it with --server");
    }
    Path folder = data.folder().isPresent() ? data.folder().get() : configuration().data();
    return LocalAccess.find(folder.toAbsolutePath().normalize())
        .map(here -> here(here.url(), here.credential(), PATIENCE, waiting(), () -> {}));
  }

  /** That of the data folder. */
  Configuration configuration() throws ConfigurationException {
    if (configuration.isEmpty()) {
      configuration = Optional.of(data.read(Optional.empty()));
    }
    return configuration.get();
  }

  private ServerUrl url(String text) {
    try {
      return ServerUrl.parse(text);
    } catch (IllegalArgumentException e) {
      throw usage(e.getMessage());
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** A client of a server, as whom a login says. */
  static Client client(ServerUrl url, Login login) {
    Client.Identity identity =
        login.user().isEmpty()
            ? new Client.Identity(
                Map.of(), url + " requires a user: name one with --user, or by stele login " + url)
            : new Client.Identity(
                Map.of(
                    "Authorization",
                    login.isSession() ? "Bearer " + login.password() : basic(login)),
                login.isSession()
                    ? "the session at %s has ended: stele login %s --oidc NAME".formatted(url, url)
                    : "%s does not let %s in with that password".formatted(url, login.user()));
    return new Client(url.uri(), identity, PATIENCE, url.loopback(), waiting(), () -> {});
  }

  /** A person is told what is waited for; a program would take it for an error. */
  private static Consumer<String> waiting() {
    return Terminal.ofErrors().interactive()
        ? what -> System.err.println("stele: " + what)
        : _ -> {};
  }

  private static String basic(Login login) {
    return "Basic "
        + Base64.getEncoder()
            .encodeToString(
                (login.user() + ":" + login.password()).getBytes(StandardCharsets.UTF_8));
  }

  private static Client here(
      URI url,
      LocalCredential credential,
      Duration patience,
      Consumer<String> waiting,
      AutoCloseable beneath) {
    return new Client(
        url,
        new Client.Identity(
            Map.of(
                "Authorization",
                credential.authorization(),
                LocalCredential.OPERATOR,
                PercentEncoding.encode(OperatingSystemUser.name())),
            "the server at %s is not the one of this data folder any more; try again"
                .formatted(url)),
        patience,
        true,
        waiting,
        beneath);
  }

  /** A server that lasts as long as the command. Of its own, so that others need not be loaded. */
  private static final class Alone {
    static Client client(Configuration configuration) throws StartupException {
      Inspection inspection = Inspection.open(configuration);
      boolean serves = false;
      try {
        inspection.catchUp();
        LocalCredential credential = LocalCredential.random(true);
        SteleServer server = inspection.serve(credential);
        serves = true;
        return here(
            URI.create("http://" + server.address()),
            credential,
            Duration.ZERO,
            _ -> {},
            () -> {
              try (inspection) {
                server.close();
              }
            });
      } finally {
        if (!serves) {
          inspection.close();
        }
      }
    }
  }
}
