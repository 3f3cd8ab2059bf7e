package dev.stele.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.unboundid.ldap.listener.InMemoryDirectoryServer;
import com.unboundid.ldap.listener.InMemoryDirectoryServerConfig;
import com.unboundid.ldap.listener.InMemoryListenerConfig;
import com.unboundid.ldap.listener.interceptor.InMemoryInterceptedSearchRequest;
import com.unboundid.ldap.listener.interceptor.InMemoryInterceptedSimpleBindRequest;
import com.unboundid.ldap.listener.interceptor.InMemoryOperationInterceptor;
import com.unboundid.ldap.sdk.DN;
import com.unboundid.ldap.sdk.LDAPException;
import dev.stele.event.Identity;
import dev.stele.server.auth.Authenticator;
import dev.stele.server.auth.Credential;
import dev.stele.server.auth.LdapFilter;
import dev.stele.server.auth.LdapSettings;
import dev.stele.server.auth.LdapSettings.Groups;
import dev.stele.server.auth.LdapSettings.Transport;
import dev.stele.server.auth.SignInSettings;
import dev.stele.server.auth.SignedIn;
import dev.stele.server.auth.UserFile;
import dev.stele.server.auth.Verdict;
import dev.stele.server.http.RefusedRequestException;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Users of a directory sign in by the password that they have there. */
class LdapSignInTest {
  private static final Groups BY_ATTRIBUTE = new Groups.Attribute("memberOf");
  private static final String ADDRESS = "192.0.2.1";

  @TempDir private Path folder;
  private TestCertificate certificate;
  private InMemoryDirectoryServer directory;

  /** The DNs that somebody bound as, and how often the directory was searched. */
  private final ConcurrentLinkedQueue<String> binds = new ConcurrentLinkedQueue<>();

  private final ConcurrentLinkedQueue<String> searches = new ConcurrentLinkedQueue<>();
  private final List<Authenticator> opened = new ArrayList<>();

  @BeforeEach
  void open() throws Exception {
    certificate = TestCertificate.of("EC", Duration.ofDays(1));
    Path _ =
        Files.writeString(folder.resolve("ca.pem"), TestCertificate.pem(certificate.certificate()));
    directory = new InMemoryDirectoryServer(configuration());
    directory.add("dn: dc=example,dc=com", "objectClass: domain", "dc: example");
    for (String unit : List.of("people", "groups", "services")) {
      directory.add(
          "dn: ou=" + unit + ",dc=example,dc=com",
          "objectClass: organizationalUnit",
          "ou: " + unit);
    }
    directory.add(
        "dn: cn=stele,ou=services,dc=example,dc=com",
        "objectClass: person",
        "cn: stele",
        "userPassword: service secret");
    person("mary", "right", "memberOf: cn=ops,ou=groups,dc=example,dc=com", "memberOf: plain");
    person("joe", "other");
    directory.add(
        "dn: cn=release,ou=groups,dc=example,dc=com",
        "objectClass: groupOfNames",
        "cn: release",
        "member: uid=mary,ou=people,dc=example,dc=com");
    directory.startListening();
  }

  @AfterEach
  void close() {
    opened.forEach(Authenticator::close);
    directory.shutDown(true);
  }

  private void person(String uid, String password, String... more) throws Exception {
    List<String> lines =
        new ArrayList<>(
            List.of(
                "dn: uid=" + uid.replace("+", "\\+") + ",ou=people,dc=example,dc=com",
                "objectClass: inetOrgPerson",
                "uid: " + uid,
                "userPassword: " + password));
    lines.addAll(List.of(more));
    directory.add(lines.toArray(new String[0]));
  }

  private InMemoryDirectoryServerConfig configuration() throws Exception {
    InMemoryDirectoryServerConfig config = new InMemoryDirectoryServerConfig("dc=example,dc=com");
    config.setSchema(null);
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "own",
        certificate.keys().getPrivate(),
        "memory".toCharArray(),
        new Certificate[] {certificate.certificate()});
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, "memory".toCharArray());
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), null, null);
    config.setListenerConfigs(
        InMemoryListenerConfig.createLDAPConfig("plain", null, 0, context.getSocketFactory()),
        InMemoryListenerConfig.createLDAPSConfig("tls", context.getServerSocketFactory()));
    config.addInMemoryOperationInterceptor(
        new InMemoryOperationInterceptor() {
          @Override
          public void processSimpleBindRequest(InMemoryInterceptedSimpleBindRequest request) {
            binds.add(request.getRequest().getBindDN());
          }

          @Override
          public void processSearchRequest(InMemoryInterceptedSearchRequest request) {
            searches.add(request.getRequest().getFilter().toString());
          }
        });
    return config;
  }

  private static DN dn(String text) {
    try {
      return new DN(text);
    } catch (LDAPException e) {
      throw new AssertionError(e);
    }
  }

  private LdapSettings settings(Transport transport, Optional<Groups> groups) {
    return new LdapSettings(
        "staff",
        new LdapSettings.Server(
            "127.0.0.1", directory.getListenPort(transport == Transport.TLS ? "tls" : "plain")),
        transport,
        transport == Transport.PLAIN ? Optional.empty() : Optional.of(folder.resolve("ca.pem")),
        Optional.of(
            new LdapSettings.Bind(dn("cn=stele,ou=services,dc=example,dc=com"), "service secret")),
        dn("ou=people,dc=example,dc=com"),
        new LdapFilter("(|(uid={user})(mail={user}))"),
        "uid",
        groups,
        Duration.ofSeconds(2),
        4);
  }

  /** Those of the last one that was opened. */
  private MeterRegistry meters;

  private Authenticator with(LdapSettings settings, String... users) throws Exception {
    meters = new SimpleMeterRegistry();
    Optional<Path> htpasswd = Optional.empty();
    if (users.length > 0) {
      StringBuilder text = new StringBuilder();
      for (String user : users) {
        text.append(user)
            .append(':')
            .append(BCrypt.withDefaults().hashToString(4, "local".toCharArray()))
            .append('\n');
      }
      htpasswd = Optional.of(Files.writeString(folder.resolve("users"), text));
    }
    Authenticator authenticator =
        Authenticator.of(
            new SignInSettings(htpasswd, Optional.of(settings), List.of()),
            Optional.empty(),
            Optional.empty(),
            meters);
    opened.add(authenticator);
    return authenticator;
  }

  private static Optional<SignedIn> signIn(Authenticator by, String user, String password) {
    return by.authenticate(new Credential.Password(user, password), ADDRESS)
            instanceof Verdict.Accepted(SignedIn who)
        ? Optional.of(who)
        : Optional.empty();
  }

  private static void isAway(Authenticator authenticator) {
    assertThatThrownBy(() -> signIn(authenticator, "mary", "right"))
        .isInstanceOfSatisfying(
            RefusedRequestException.class,
            e -> {
              assertThat(e.error().status()).isEqualTo(503);
              assertThat(e.getMessage()).doesNotContain("example", "127.0.0.1");
            });
  }

  @ParameterizedTest
  @EnumSource(Transport.class)
  void whoHasThePasswordIsWhoTheirEntrySays(Transport transport) throws Exception {
    Authenticator authenticator = with(settings(transport, Optional.of(BY_ATTRIBUTE)));
    Instant before = Instant.now();
    SignedIn mary = signIn(authenticator, "mary", "right").orElseThrow();
    assertThat(mary.identity())
        .isEqualTo(new Identity("mary", Identity.Kind.USER, Optional.of("staff")));
    assertThat(mary.groups()).isEqualTo(Set.of("staff:ops", "staff:plain"));
    assertThat(mary.until().orElseThrow())
        .isBetween(before.plusSeconds(290), Instant.now().plusSeconds(310));
    assertThat(signIn(authenticator, "mary", "wrong")).isEmpty();
    assertThat(signIn(authenticator, "joe", "right")).isEmpty();
    assertThat(signIn(authenticator, "nobody", "right")).isEmpty();
    assertThat(signIn(authenticator, "joe", "other").orElseThrow().groups()).isEmpty();
  }

  @Test
  void groupsMayBeEntriesOfTheirOwn() throws Exception {
    Authenticator authenticator =
        with(
            settings(
                Transport.TLS,
                Optional.of(
                    new Groups.Search(
                        dn("ou=groups,dc=example,dc=com"), new LdapFilter("(member={dn})")))));
    assertThat(signIn(authenticator, "mary", "right").orElseThrow().groups())
        .isEqualTo(Set.of("staff:release"));
    assertThat(signIn(authenticator, "joe", "other").orElseThrow().groups()).isEmpty();
  }

  /** What is typed may be in a group of its own name, which is somebody else's. */
  @Test
  void groupsAreThoseOfTheEntrysName() throws Exception {
    person("ann", "right", "mail: boss");
    for (String member : List.of("ann", "boss")) {
      directory.add(
          "dn: cn=of-" + member + ",ou=groups,dc=example,dc=com",
          "objectClass: posixGroup",
          "cn: of-" + member,
          "memberUid: " + member);
    }
    Authenticator authenticator =
        with(
            settings(
                Transport.TLS,
                Optional.of(
                    new Groups.Search(
                        dn("ou=groups,dc=example,dc=com"), new LdapFilter("(memberUid={user})")))));
    for (String typed : List.of("ann", "boss")) {
      assertThat(signIn(authenticator, typed, "right").orElseThrow().groups())
          .as(typed)
          .isEqualTo(Set.of("staff:of-ann"));
    }
  }

  @Test
  void theyAreKnownByOneNameHoweverTheySignIn() throws Exception {
    person("ann", "right", "mail: ann@example.com");
    Authenticator authenticator = with(settings(Transport.TLS, Optional.empty()));
    for (String typed : List.of("ann", "ANN", "ann@example.com", "Ann@Example.com")) {
      assertThat(signIn(authenticator, typed, "right").map(who -> who.identity().name()))
          .as(typed)
          .contains("ann");
    }
  }

  @Test
  void whatWasRightIsRememberedAndWhatIsEmptyIsNotAsked() throws Exception {
    Authenticator authenticator = with(settings(Transport.TLS, Optional.empty()));
    for (int i = 0; i < 5; i++) {
      assertThat(signIn(authenticator, "mary", "right")).isPresent();
    }
    assertThat(binds.stream().filter(dn -> dn.startsWith("uid=mary"))).hasSize(1);
    int asked = searches.size();
    // A directory takes a bind without a password for one of nobody, and accepts it.
    assertThat(signIn(authenticator, "mary", "")).isEmpty();
    assertThat(binds.stream().filter(dn -> dn.startsWith("uid=mary"))).hasSize(1);
    assertThat(searches).hasSize(asked);
  }

  @Test
  void aNameIsNeverMoreThanAName() throws Exception {
    Authenticator authenticator = with(settings(Transport.TLS, Optional.of(BY_ATTRIBUTE)));
    for (String typed :
        List.of(
            "*",
            "m*",
            "mary)(objectClass=*",
            "*)(uid=*))(|(uid=*",
            "mary)(|(userPassword=*)",
            "mary\\2a",
            "mary\\",
            "mary\u0000",
            "{dn}",
            "{user}",
            "uid=mary,ou=people,dc=example,dc=com",
            "(mary)",
            "mary,ou=people")) {
      for (String password : List.of("right", "other", "*")) {
        try {
          assertThat(signIn(authenticator, typed, password)).as(typed).isEmpty();
        } catch (RefusedRequestException e) {
          assertThat(e.error().status()).as(typed).isEqualTo(429);
        }
      }
    }
    assertThat(binds.stream().filter(dn -> dn.startsWith("uid="))).isEmpty();
  }

  @Test
  void aNameOfTheUserFileIsThatUsersAlone() throws Exception {
    person("root", "right", "mail: boss@example.com");
    Authenticator authenticator = with(settings(Transport.TLS, Optional.empty()), "mary", "root");
    assertThat(signIn(authenticator, "mary", "right")).isEmpty();
    assertThat(searches).isEmpty();
    assertThat(signIn(authenticator, "mary", "local").orElseThrow().identity())
        .isEqualTo(Identity.user("mary"));
    // By another name that finds an entry whose name is a user's.
    assertThat(signIn(authenticator, "boss@example.com", "right")).isEmpty();
    assertThat(signIn(authenticator, "joe", "other")).isPresent();
    assertThat(authenticator.vouchesFor(Identity.user("joe"), Optional.empty())).isFalse();
    assertThat(
            authenticator.vouchesFor(
                new Identity("joe", Identity.Kind.USER, Optional.of("staff")), Optional.empty()))
        .isTrue();
  }

  @Test
  void whoeverBecomesAUserOfTheFileIsThatAtOnce() throws Exception {
    Authenticator authenticator = with(settings(Transport.TLS, Optional.empty()), "root");
    assertThat(signIn(authenticator, "mary", "right")).isPresent();
    UserFile users = new UserFile(folder.resolve("users"));
    users.add("mary", "another password");
    Thread.sleep(1_500);
    assertThat(signIn(authenticator, "mary", "right")).isEmpty();
    assertThat(
            authenticator.vouchesFor(
                new Identity("mary", Identity.Kind.USER, Optional.of("staff")), Optional.empty()))
        .isFalse();
    assertThat(signIn(authenticator, "mary", "another password").orElseThrow().identity())
        .isEqualTo(Identity.user("mary"));
  }

  @Test
  void namesThatMeanSomethingElseAreNobodys() throws Exception {
    Authenticator authenticator = with(settings(Transport.TLS, Optional.empty()));
    for (String uid :
        List.of("stele:scrub", "cli:root", "anonymous", "github:octo-org/app", "robot+ci")) {
      String mail = "mail-of-" + uid.replace(":", "-").replace("/", "-") + "@example.com";
      person(uid, "right", "mail: " + mail);
      assertThat(signIn(authenticator, uid, "right")).as(uid).isEmpty();
      assertThat(signIn(authenticator, mail, "right")).as(uid).isEmpty();
    }
    person("twin1", "right", "mail: twin@example.com");
    person("twin2", "right", "mail: twin@example.com");
    person("two", "right", "uid: second", "mail: two@example.com");
    assertThat(signIn(authenticator, "twin@example.com", "right")).isEmpty();
    assertThat(signIn(authenticator, "two@example.com", "right")).isEmpty();
  }

  @Test
  void aPasswordIsSentToNobodyWhoMayBeAnother() throws Exception {
    TestCertificate other = TestCertificate.of("EC", Duration.ofDays(1));
    Path _ = Files.writeString(folder.resolve("ca.pem"), TestCertificate.pem(other.certificate()));
    isAway(with(settings(Transport.TLS, Optional.empty())));
    isAway(with(settings(Transport.START_TLS, Optional.empty())));
    Path _ =
        Files.writeString(folder.resolve("ca.pem"), TestCertificate.pem(certificate.certificate()));
    LdapSettings right = settings(Transport.TLS, Optional.empty());
    for (Transport transport : List.of(Transport.TLS, Transport.START_TLS)) {
      isAway(
          with(
              new LdapSettings(
                  right.name(),
                  // The certificate is for 127.0.0.1 alone.
                  new LdapSettings.Server(
                      "localhost",
                      directory.getListenPort(transport == Transport.TLS ? "tls" : "plain")),
                  transport,
                  right.authorities(),
                  right.bind(),
                  right.userBase(),
                  right.userFilter(),
                  right.userName(),
                  right.groups(),
                  right.timeout(),
                  right.connections())));
    }
    assertThat(binds).isEmpty();
  }

  @Test
  void aDirectoryThatIsAwayOrSlowIsToldApartFromAWrongPassword() throws Exception {
    Authenticator authenticator = with(settings(Transport.TLS, Optional.empty()));
    assertThat(signIn(authenticator, "joe", "other")).isPresent();
    assertThat(meters.get("stele.source.success").gauge().value()).isPositive();
    assertThat(meters.get("stele.source.failures").counter().count()).isZero();
    LdapSettings right = settings(Transport.PLAIN, Optional.empty());
    LdapSettings locked =
        new LdapSettings(
            right.name(),
            right.server(),
            right.transport(),
            right.authorities(),
            Optional.of(
                new LdapSettings.Bind(dn("cn=stele,ou=services,dc=example,dc=com"), "wrong")),
            right.userBase(),
            right.userFilter(),
            right.userName(),
            right.groups(),
            right.timeout(),
            right.connections());
    assertThat(locked.toString()).doesNotContain("wrong");
    isAway(with(locked));
    assertThat(meters.get("stele.source.success").gauge().value()).isZero();
    assertThat(meters.get("stele.source.failures").tag("source", "ldap.staff").counter().count())
        .isPositive();

    try (ServerSocket silent = new ServerSocket(0);
        ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      LdapSettings slow =
          new LdapSettings(
              right.name(),
              new LdapSettings.Server("127.0.0.1", silent.getLocalPort()),
              right.transport(),
              right.authorities(),
              right.bind(),
              right.userBase(),
              right.userFilter(),
              right.userName(),
              right.groups(),
              Duration.ofMillis(500),
              2);
      Authenticator waiting = with(slow, "root");
      List<Future<Integer>> all = new ArrayList<>();
      for (int i = 0; i < 15; i++) {
        String user = "user-" + i;
        all.add(
            many.submit(
                () -> {
                  try {
                    return signIn(waiting, user, "right").isPresent() ? 200 : 401;
                  } catch (RefusedRequestException e) {
                    return e.error().status();
                  }
                }));
      }
      // Whom the file knows waits for nobody.
      assertThat(signIn(waiting, "root", "local")).isPresent();
      for (Future<Integer> each : all) {
        assertThat(each.get()).isEqualTo(503);
      }
    }

    directory.shutDown(true);
    isAway(authenticator);
    // What was right a while ago counts on.
    assertThat(signIn(authenticator, "joe", "other")).isPresent();
    directory.startListening();
    assertThat(signIn(authenticator, "mary", "right")).isPresent();
  }
}
