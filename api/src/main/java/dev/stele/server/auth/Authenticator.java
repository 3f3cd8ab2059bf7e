package dev.stele.server.auth;

import static java.util.stream.Collectors.joining;

import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.event.Event.UserChanged.Change;
import dev.stele.event.Identity;
import dev.stele.event.RobotName;
import dev.stele.registry.Registry;
import dev.stele.registry.ServerRecord;
import dev.stele.server.http.ClientNetwork;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.RefusedRequestException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells who sent a request: asks those who vouch for somebody, in order, until one says that the
 * credential is its to judge.
 *
 * <p>Whoever vouches for passwords is slow on purpose, or far away, and clients send their password
 * with each request. So those that were right are remembered for a short while (see {@link
 * VerifiedCredentials}), and one that many requests have at the same time is looked at once.
 * Whoever had too many wrong is told to wait (see {@link FailedSignIns}). Thread-safe.
 */
public final class Authenticator implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(Authenticator.class);
  private static final int MOST_OF_ONE = 20;
  private static final int LONGEST_PASSWORD = 1_024;

  /**
   * A verdict, whose it is, and what of theirs it depends on.
   *
   * @param by absent if it was nobody's to judge
   */
  private record Judged(Verdict verdict, Optional<IdentityProvider> by, Object state) {
    /** Whether what it depends on is what it was. */
    boolean isCurrent() {
      return by.filter(provider -> !state.equals(provider.state())).isEmpty();
    }

    /** Whether somebody is let in by it, without another look. */
    boolean counts() {
      return verdict instanceof Verdict.Accepted(SignedIn signedIn)
          && isCurrent()
          && signedIn.until().filter(Instant.now()::isAfter).isEmpty();
    }
  }

  /** Passwords from a network that somebody looks at now. */
  private record Judging(String network, IdentityProvider by) {}

  private final List<IdentityProvider> providers;
  private final MeterRegistry meters;
  private final VerifiedCredentials<Judged> verified = new VerifiedCredentials<>();
  private final FailedSignIns failed = new FailedSignIns(Caffeine.newBuilder());
  private final Semaphore doubted = new Semaphore(1);
  private final ConcurrentMap<ByteBuffer, CompletableFuture<Judged>> pending =
      new ConcurrentHashMap<>();
  private final ConcurrentMap<Judging, Integer> judging = new ConcurrentHashMap<>();

  /**
   * @param providers those who vouch; none: everybody is anonymous
   */
  Authenticator(List<IdentityProvider> providers, MeterRegistry meters) {
    this.providers = List.copyOf(providers);
    this.meters = meters;
  }

  /**
   * Opens those who vouch for somebody.
   *
   * @param certificates of clients
   * @param registry which has accounts of programs, that count where anybody else can sign in, and
   *     is told of changes to the file of users
   * @throws IOException if a file cannot be used; the message is fit for people
   */
  public static Authenticator of(
      SignInSettings settings,
      Optional<ClientCertificates> certificates,
      Optional<Registry> registry,
      MeterRegistry meters)
      throws IOException {
    List<IdentityProvider> providers = new ArrayList<>();
    certificates.ifPresent(providers::add);
    Optional<HtpasswdUsers> users = Optional.empty();
    if (settings.htpasswd().isPresent()) {
      users =
          Optional.of(
              HtpasswdUsers.of(
                  settings.htpasswd().get(),
                  settings.ldap().isEmpty(),
                  new SourceMetrics(meters, HtpasswdUsers.SECTION),
                  changes -> registry.ifPresent(record -> record(record.server(), changes))));
    }
    users.ifPresent(providers::add);
    if (settings.ldap().isPresent()) {
      providers.add(
          new LdapDirectory(
              settings.ldap().get(),
              users,
              new SourceMetrics(meters, settings.ldap().get().section())));
    }
    for (OidcSettings issuer : settings.oidc()) {
      providers.add(new OidcIssuer(issuer, new SourceMetrics(meters, issuer.section())));
    }
    Set<String> people =
        settings.oidc().stream()
            .filter(issuer -> issuer.client().isPresent())
            .map(OidcSettings::name)
            .collect(Collectors.toSet());
    if (!people.isEmpty()) {
      registry.ifPresent(
          there ->
              providers.addFirst(
                  new SessionTokens(there.sessions(), people, InstantSource.system())));
    }
    if (!providers.isEmpty()) {
      registry.ifPresent(
          there -> providers.addFirst(new RobotKeys(there.robots(), InstantSource.system())));
    }
    return new Authenticator(providers, meters);
  }

  private static void record(ServerRecord record, Map<String, Change> changes) {
    try {
      changes.forEach((user, change) -> record.userChanged(user, change));
    } catch (RuntimeException e) {
      logger.warn("the record does not know of all changes to users: {}", e.getMessage());
    }
  }

  /** Whether it tells users apart at all. */
  public boolean required() {
    return !providers.isEmpty();
  }

  /** What whoever signs in needs, in words. */
  public String means() {
    return providers.isEmpty()
        ? "nothing: there are no users"
        : providers.stream().map(IdentityProvider::means).distinct().collect(joining(", or "));
  }

  /**
   * The ways by which people sign in at issuers, by the names of these.
   *
   * @param secret that all nodes have
   */
  public Map<String, OidcSignIn> signIns(ServerKey secret) {
    return providers.stream()
        .filter(OidcIssuer.class::isInstance)
        .map(OidcIssuer.class::cast)
        .flatMap(issuer -> issuer.signIn(secret).stream())
        .collect(
            Collectors.toMap(OidcSignIn::name, Function.identity(), (a, _) -> a, TreeMap::new));
  }

  /** The value of the WWW-Authenticate header of a 401. */
  public String challenge() {
    return "Basic realm=\"Stele\", charset=\"UTF-8\"";
  }

  /**
   * Who sent a request, if what it has proves that.
   *
   * @param address that it came from, in numbers
   * @throws RefusedRequestException 429 if too many are being judged, or too many from there were
   *     wrong; 503 if whoever vouches cannot be asked
   */
  public Verdict authenticate(Credential credential, String address) {
    return credential instanceof Credential.Password given
        ? byPassword(given, address)
        : judge(credential, Optional.empty()).verdict;
  }

  private Verdict byPassword(Credential.Password given, String address) {
    if (given.password().isEmpty() || given.password().length() > LONGEST_PASSWORD) {
      // Some directories let in whoever sends none.
      return new Verdict.Refused(
          Verdict.Reason.WRONG_PASSWORD, "the password is empty or too long");
    }
    if (given.user().length() > SignedIn.LONGEST_NAME) {
      // It would be kept while the failure is remembered.
      return new Verdict.Refused(Verdict.Reason.WRONG_PASSWORD, "the name is too long");
    }
    Optional<Judged> quick = quickly(given, address);
    if (quick.isPresent()) {
      if (quick.get().verdict instanceof Verdict.Refused) {
        failed.check(given.user(), address);
        failed.add(given.user(), address);
      }
      return quick.get().verdict;
    }
    ByteBuffer key = verified.key(given.user(), given.password());
    Optional<Judged> known = verified.find(key).filter(Judged::counts);
    if (known.isPresent()) {
      return known.get().verdict;
    }
    failed.check(given.user(), address);
    Judged judged = once(key, () -> judge(given, Optional.of(ClientNetwork.of(address))));
    switch (judged.verdict) {
      case Verdict.Accepted _ -> verified.add(key, judged);
      case Verdict.Refused _ -> failed.add(given.user(), address);
      case Verdict.Ended _ -> {} // It was right: that is no guess.
    }
    return judged.verdict;
  }

  /**
   * Asks those who are quick, without a wait for whoever has it right. From where too many were
   * wrong, names of robots are looked up one by one: each costs a question to the database.
   */
  private Optional<Judged> quickly(Credential.Password given, String address) {
    boolean doubtful =
        RobotName.isReserved(given.user()) && failed.areTooMany(given.user(), address);
    if (doubtful && !doubted.tryAcquire()) {
      throw FailedSignIns.tooMany();
    }
    try {
      return judge(
          given, providers.stream().filter(IdentityProvider::isQuick).toList(), Optional.empty());
    } finally {
      if (doubtful) {
        doubted.release();
      }
    }
  }

  private Judged judge(Credential credential, Optional<String> bounded) {
    return judge(credential, providers, bounded)
        .orElseGet(
            () ->
                counted(
                    new Judged(
                        new Verdict.Refused(
                            credential instanceof Credential.Token
                                ? Verdict.Reason.STRANGE_TOKEN
                                : Verdict.Reason.NOBODY),
                        Optional.empty(),
                        "nobody")));
  }

  /**
   * @param bounded the network that may have so many looked at
   */
  private Optional<Judged> judge(
      Credential credential, List<IdentityProvider> asked, Optional<String> bounded) {
    for (IdentityProvider provider : asked) {
      Object state = provider.state();
      Optional<Verdict> verdict =
          bounded.isPresent()
              ? judge(credential, new Judging(bounded.get(), provider))
              : provider.judge(credential);
      if (verdict.isPresent()) {
        return Optional.of(counted(new Judged(verdict.get(), Optional.of(provider), state)));
      }
    }
    return Optional.empty();
  }

  /**
   * So many at once of one network, so that nobody fills the queue alone; of each who vouches, so
   * that who waits for a slow directory takes no room of others.
   */
  private Optional<Verdict> judge(Credential credential, Judging one) {
    try {
      if (judging(one, 1) > MOST_OF_ONE) {
        throw busy();
      }
      return one.by.judge(credential);
    } finally {
      int _ = judging(one, -1);
    }
  }

  private int judging(Judging one, int more) {
    Integer now = judging.merge(one, more, (a, b) -> a + b == 0 ? null : Integer.valueOf(a + b));
    return now == null ? 0 : now;
  }

  private Judged counted(Judged judged) {
    Counter.builder("stele.sign.ins")
        .description("Credentials that were looked at")
        .tag("by", judged.by.map(IdentityProvider::section).orElse("none"))
        .tag("outcome", judged.verdict instanceof Verdict.Accepted ? "accepted" : "refused")
        .register(meters)
        .increment();
    return judged;
  }

  /**
   * Looks at a password, once for all who send it at the same time, as the requests of one client
   * do.
   */
  private Judged once(ByteBuffer key, Supplier<Judged> look) {
    CompletableFuture<Judged> own = new CompletableFuture<>();
    CompletableFuture<Judged> running = pending.putIfAbsent(key, own);
    if (running != null) {
      try {
        Judged judged = running.join();
        // It began before this request did, perhaps when somebody was a user who is none now.
        return judged.isCurrent() ? judged : once(key, look);
      } catch (CompletionException e) {
        if (e.getCause() instanceof RuntimeException failure) {
          throw failure;
        }
        throw e;
      }
    }
    try {
      Judged judged = look.get();
      boolean _ = pending.remove(key, own);
      own.complete(judged);
      return judged;
    } catch (RuntimeException e) {
      own.completeExceptionally(e);
      throw e;
    } finally {
      boolean _ = pending.remove(key, own);
      // Nobody waits for what an error ended.
      boolean _ = own.completeExceptionally(new IllegalStateException("a look ended early"));
    }
  }

  static RefusedRequestException busy() {
    return new DistributionError(
            429, ErrorCode.TOOMANYREQUESTS, "too many passwords are being checked; try again")
        .with("Retry-After", "5")
        .asException();
  }

  /** Whether somebody still counts who signed in a while ago. */
  public boolean vouchesFor(Identity identity, Optional<String> credential) {
    return providers.stream().anyMatch(provider -> provider.vouchesFor(identity, credential));
  }

  /** Whether somebody of this name may be able to sign in. */
  public boolean mayKnow(String name) {
    return providers.stream().anyMatch(provider -> provider.knows(name).orElse(true));
  }

  @Override
  public void close() {
    providers.forEach(IdentityProvider::close);
  }
}
