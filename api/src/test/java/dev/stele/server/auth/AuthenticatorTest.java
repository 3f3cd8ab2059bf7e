package dev.stele.server.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.event.Identity;
import dev.stele.server.http.RefusedRequestException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthenticatorTest {
  private static final SourceMetrics UNSEEN =
      new SourceMetrics(new SimpleMeterRegistry(), "htpasswd");

  @TempDir private Path folder;

  @Test
  void tellsRightPasswordsFromWrongOnes() throws Exception {
    Path file = write("# users\n\n" + entry(BCrypt.Version.VERSION_2Y, "ann", "secret:x"));
    Authenticator authenticator = open(file);

    for (int i = 0; i < 3; i++) {
      assertThat(name(authenticator, basic("ann", "secret:x"), "127.0.0.1")).contains("ann");
      assertThat(name(authenticator, basic("ann", "secret"), "127.0.0.1")).isEmpty();
    }
    assertThat(name(authenticator, basic("bob", "secret:x"), "127.0.0.1")).isEmpty();
    assertThat(name(authenticator, Optional.empty(), "127.0.0.1")).isEmpty();
    assertThat(name(authenticator, Optional.of("Basic !!!"), "127.0.0.1")).isEmpty();
    assertThat(name(authenticator, Optional.of("Bearer abc"), "127.0.0.1")).isEmpty();
    assertThat(name(authenticator, basic("ann", "x".repeat(500)), "127.0.0.1")).isEmpty();
  }

  @Test
  void acceptsEveryPrefixOfBcrypt() throws Exception {
    Path file =
        write(
            entry(BCrypt.Version.VERSION_2A, "a", "1")
                + entry(BCrypt.Version.VERSION_2B, "b", "2")
                + entry(BCrypt.Version.VERSION_2Y, "c", "3"));
    Authenticator authenticator = open(file);
    assertThat(name(authenticator, basic("a", "1"), "127.0.0.1")).contains("a");
    assertThat(name(authenticator, basic("b", "2"), "127.0.0.1")).contains("b");
    assertThat(name(authenticator, basic("c", "3"), "127.0.0.1")).contains("c");
  }

  @Test
  void readsAChangedFileAgainAndForgetsWhatItHadVerified() throws Exception {
    Path file = write(entry(BCrypt.Version.VERSION_2B, "ann", "old"));
    Authenticator authenticator = open(file);
    assertThat(name(authenticator, basic("ann", "old"), "127.0.0.1")).contains("ann");

    write(entry(BCrypt.Version.VERSION_2B, "ann", "newer") + "# changed\n");
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (name(authenticator, basic("ann", "newer"), "127.0.0.1").isEmpty()
        && System.nanoTime() < deadline) {
      Thread.sleep(300);
    }
    assertThat(name(authenticator, basic("ann", "newer"), "127.0.0.1")).contains("ann");
    assertThat(name(authenticator, basic("ann", "old"), "127.0.0.1")).isEmpty();
  }

  /** The file is large, so that who comes while it is read again does so before that ends. */
  @Test
  void theMetricsSayThatTheFileCouldNotBeReadAgain() throws Exception {
    Path file = write(entry(BCrypt.Version.VERSION_2B, "ann", "secret"));
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Counter failures;
    try (HtpasswdUsers users =
        new HtpasswdUsers(file, true, new SourceMetrics(meters, "htpasswd"), _ -> {})) {
      failures = meters.get("stele.source.failures").tag("source", "htpasswd").counter();
      assertThat(meters.get("stele.source.success").gauge().value()).isPositive();
      Files.writeString(file, "nonsense");
      Instant patience = Instant.now().plusSeconds(20);
      while (failures.count() == 0) {
        assertThat(users.knows("ann")).contains(true);
        assertThat(Instant.now()).isBefore(patience);
        Thread.sleep(50);
      }
    }
  }

  @Test
  void nobodyIsJudgedByWhatTheFileHadASecondAgo() throws Exception {
    String hash = BCrypt.with(BCrypt.Version.VERSION_2B).hashToString(4, "x".toCharArray());
    StringBuilder others = new StringBuilder();
    for (int i = 0; i < 100_000; i++) {
      others.append("user-").append(i).append(':').append(hash).append('\n');
    }
    Authenticator authenticator =
        open(write(others + entry(BCrypt.Version.VERSION_2B, "ann", "old")));
    assertThat(name(authenticator, basic("ann", "old"), "192.0.2.1")).contains("ann");

    Path next =
        Files.writeString(
            folder.resolve("next"), others + entry(BCrypt.Version.VERSION_2B, "ann", "newer"));
    Files.move(next, folder.resolve("htpasswd"), StandardCopyOption.ATOMIC_MOVE);
    Thread.sleep(1_001);
    CyclicBarrier together = new CyclicBarrier(8);
    List<Future<Optional<String>>> all = new ArrayList<>();
    try (ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 8; i++) {
        String password = i < 7 ? "old" : "newer";
        all.add(
            many.submit(
                () -> {
                  together.await();
                  return name(authenticator, basic("ann", password), "192.0.2.1");
                }));
      }
      for (Future<Optional<String>> each : all.subList(0, 7)) {
        assertThat(each.get()).isEmpty();
      }
      assertThat(all.getLast().get()).contains("ann");
    }
  }

  @Test
  void whoTriesManyPasswordsIsToldToWaitAndNobodyElseIs() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("htpasswd"),
            "ann:"
                + BCrypt.with(BCrypt.Version.VERSION_2B).hashToString(10, "secret".toCharArray()));
    Authenticator authenticator = open(file);
    assertThat(name(authenticator, basic("ann", "secret"), "127.0.0.1")).contains("ann");
    AtomicInteger refused = new AtomicInteger();
    try (ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 500; i++) {
        String wrong = "wrong-" + i;
        Future<?> _ =
            many.submit(
                () -> {
                  try {
                    assertThat(name(authenticator, basic("ann", wrong), "127.0.0.1")).isEmpty();
                  } catch (RefusedRequestException e) {
                    refused.incrementAndGet();
                  }
                });
      }
      assertThat(name(authenticator, basic("ann", "secret"), "127.0.0.1")).contains("ann");
      many.shutdownNow();
    }
    assertThat(refused.get()).isPositive();
  }

  @Test
  void whoTriesPasswordsHasToWaitAndOnlyThey() {
    AtomicLong time = new AtomicLong();
    FailedSignIns failed = new FailedSignIns(Caffeine.newBuilder().ticker(time::get));
    for (int i = 0; i < 10; i++) {
      failed.check("ann", "192.0.2.1");
      failed.add("ann", "192.0.2.1");
    }
    assertThatThrownBy(() -> failed.check("ann", "192.0.2.1"))
        .isInstanceOfSatisfying(
            RefusedRequestException.class, e -> assertThat(e.error().status()).isEqualTo(429));
    failed.check("ann", "192.0.2.2");
    for (int i = 0; i < 20; i++) {
      failed.check("user" + i, "192.0.2.1");
      failed.add("user" + i, "192.0.2.1");
    }
    assertThatThrownBy(() -> failed.check("bob", "192.0.2.1"))
        .isInstanceOf(RefusedRequestException.class);
    for (int i = 0; i < 10; i++) {
      failed.add("ann", "2001:db8::" + i);
    }
    assertThatThrownBy(() -> failed.check("ann", "2001:db8::ffff"))
        .isInstanceOf(RefusedRequestException.class);
    failed.check("ann", "2001:db8:0:1::1");
    time.addAndGet(Duration.ofSeconds(61).toNanos());
    failed.check("ann", "192.0.2.1");
    failed.check("ann", "2001:db8::1");
  }

  @Test
  void oneClientsRequestsAtOnceAreOneLookAtItsPassword() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("htpasswd"),
            "ann:"
                + BCrypt.with(BCrypt.Version.VERSION_2B).hashToString(10, "secret".toCharArray()));
    Authenticator authenticator = open(file);
    List<Future<Optional<String>>> all = new ArrayList<>();
    try (ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 300; i++) {
        all.add(many.submit(() -> name(authenticator, basic("ann", "secret"), "192.0.2.1")));
      }
      for (Future<Optional<String>> each : all) {
        assertThat(each.get()).contains("ann");
      }
    }
  }

  @Test
  void refusesOtherHashesWithoutShowingThem() throws Exception {
    Path file = write("ann:{SHA}fEqNCco3Yq9h5ZUglD3CZJT4lBs=\n");
    assertThatIOException()
        .isThrownBy(() -> open(file))
        .withMessageContaining("line 1")
        .withMessageContaining("bcrypt")
        .withMessageNotContaining("fEqNC");
  }

  /** Else the time would tell who is a user. */
  @Test
  void whoIsNoUserCostsAsMuchAsSomebodyWhoIs() throws Exception {
    Path file =
        write(
            entry(BCrypt.Version.VERSION_2B, "ann", "1")
                + "joe:"
                + BCrypt.with(BCrypt.Version.VERSION_2B).hashToString(5, "2".toCharArray())
                + "\n");
    Htpasswd users = Htpasswd.read(file);
    Map<String, Integer> taken = new HashMap<>();
    for (int i = 0; i < 400; i++) {
      String looked = users.inPlaceOf("nobody-" + i).orElseThrow();
      assertThat(users.inPlaceOf("nobody-" + i)).contains(looked);
      taken.merge(looked, 1, Integer::sum);
    }
    assertThat(taken)
        .containsOnlyKeys(users.hash("ann").orElseThrow(), users.hash("joe").orElseThrow());
    assertThat(taken.values()).allMatch(times -> times > 100);
    // Their password does not let in whoever is looked at in their place.
    Authenticator authenticator = open(file);
    for (int i = 0; i < 5; i++) {
      assertThat(name(authenticator, basic("nobody-" + i, "1"), "192.0.2." + i)).isEmpty();
      assertThat(name(authenticator, basic("nobody-" + i, "2"), "192.0.2." + i)).isEmpty();
    }
  }

  @Test
  void namesThatCannotBeSeenAreRefused() throws Exception {
    for (String name : List.of("an\u200bn", "ann\u00a0", "\u202eann", "a".repeat(257), "a\u0007")) {
      Path file = write(entry(BCrypt.Version.VERSION_2B, name, "1"));
      assertThatIOException()
          .isThrownBy(() -> open(file))
          .withMessageContaining("line 1")
          .withMessageContaining("none that cannot be seen");
    }
    assertThat(SignedIn.isName("job\ud800")).isFalse();
    assertThat(SignedIn.isName("Jörg \ud83d\ude00 李")).isTrue();
  }

  @Test
  void whatBasicCannotSayIsNotRead() throws Exception {
    Authenticator authenticator = open(write(entry(BCrypt.Version.VERSION_2B, "ann", "secret")));
    assertThat(name(authenticator, basic("ann", "secret"), "192.0.2.1")).contains("ann");
    // For bcrypt, which repeats what it is given with a NUL after it, that is the same.
    assertThat(name(authenticator, basic("ann", "secret\0secret"), "192.0.2.1")).isEmpty();
    assertThat(name(authenticator, basic("a".repeat(5_000), "secret"), "192.0.2.1")).isEmpty();
  }

  /**
   * Vouches for whoever has the password "right", and says so each time that it is asked; of the
   * password "slow" when the test says.
   */
  private static final class Directory implements IdentityProvider {
    private final AtomicInteger asked = new AtomicInteger();
    private final Semaphore looking = new Semaphore(0);
    private final Semaphore answered = new Semaphore(0);
    private final AtomicReference<String> state = new AtomicReference<>("first");
    private final AtomicReference<Instant> until = new AtomicReference<>(Instant.MAX);

    @Override
    public String section() {
      return "directory";
    }

    @Override
    public String means() {
      return "a password";
    }

    @Override
    public Optional<Verdict> judge(Credential credential) {
      asked.incrementAndGet();
      if (credential instanceof Credential.Password given && given.password().equals("slow")) {
        looking.release();
        answered.acquireUninterruptibly();
      }
      return credential instanceof Credential.Password(String user, String password)
              && !user.equals("stranger")
          ? Optional.of(
              password.equals("right")
                  ? new Verdict.Accepted(
                      new SignedIn(
                          new Identity(user, Identity.Kind.USER, Optional.of("directory")),
                          Set.of("directory:all"),
                          Optional.empty(),
                          Optional.of(until.get())))
                  : new Verdict.Refused(Verdict.Reason.WRONG_PASSWORD))
          : Optional.empty();
    }

    @Override
    public boolean vouchesFor(Identity identity, Optional<String> credential) {
      return identity.issuer().equals(Optional.of("directory"));
    }

    @Override
    public Optional<Boolean> knows(String name) {
      return Optional.empty();
    }

    @Override
    public Object state() {
      return state.get();
    }
  }

  @Test
  void aNameOfTheFileIsAskedOfNobodyElse() throws Exception {
    Directory directory = new Directory();
    HtpasswdUsers users =
        new HtpasswdUsers(
            write(entry(BCrypt.Version.VERSION_2B, "ann", "secret")), false, UNSEEN, _ -> {});
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    Authenticator authenticator = new Authenticator(List.of(users, directory), meters);

    assertThat(name(authenticator, basic("ann", "right"), "192.0.2.1")).isEmpty();
    assertThat(directory.asked).hasValue(0);
    assertThat(name(authenticator, basic("joe", "right"), "192.0.2.1")).contains("joe");
    assertThat(name(authenticator, basic("stranger", "right"), "192.0.2.1")).isEmpty();
    assertThat(authenticator.vouchesFor(Identity.user("ann"), Optional.empty())).isTrue();
    // The same name, but from elsewhere.
    assertThat(authenticator.vouchesFor(Identity.user("joe"), Optional.empty())).isFalse();
    assertThat(
            authenticator.vouchesFor(
                new Identity("joe", Identity.Kind.USER, Optional.of("directory")),
                Optional.empty()))
        .isTrue();
    assertThat(meters.get("stele.sign.ins").tags("by", "htpasswd", "outcome", "refused").counter())
        .matches(counter -> counter.count() == 1);
    assertThat(meters.get("stele.sign.ins").tags("by", "none", "outcome", "refused").counter())
        .matches(counter -> counter.count() == 1);
  }

  @Test
  void whoeverWaitsForADirectoryTakesNoRoomOfTheFilesUsers() throws Exception {
    Directory directory = new Directory();
    HtpasswdUsers users =
        new HtpasswdUsers(
            write(entry(BCrypt.Version.VERSION_2B, "ann", "secret")), false, UNSEEN, _ -> {});
    Authenticator authenticator =
        new Authenticator(List.of(users, directory), new SimpleMeterRegistry());
    try (ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 20; i++) {
        String user = "user-" + i;
        Future<?> _ = many.submit(() -> name(authenticator, basic(user, "slow"), "192.0.2.1"));
      }
      directory.looking.acquire(20);
      try {
        // Nobody fills the queue for the directory alone.
        assertThatThrownBy(() -> name(authenticator, basic("joe", "right"), "192.0.2.1"))
            .isInstanceOfSatisfying(
                RefusedRequestException.class, e -> assertThat(e.error().status()).isEqualTo(429));
        assertThat(name(authenticator, basic("ann", "secret"), "192.0.2.1")).contains("ann");
        assertThat(name(authenticator, basic("joe", "right"), "192.0.2.2")).contains("joe");
      } finally {
        directory.answered.release(20);
      }
    }
    assertThat(name(authenticator, basic("joe", "right"), "192.0.2.1")).contains("joe");
  }

  @Test
  void whatWasRightIsNotAskedAgainForAsLongAsItHolds() {
    Directory directory = new Directory();
    Authenticator authenticator = new Authenticator(List.of(directory), new SimpleMeterRegistry());
    for (int i = 0; i < 3; i++) {
      assertThat(name(authenticator, basic("joe", "right"), "192.0.2.1")).contains("joe");
    }
    assertThat(directory.asked).hasValue(1);
    directory.state.set("second");
    directory.until.set(Instant.now().minusSeconds(1));
    for (int i = 2; i < 5; i++) {
      assertThat(name(authenticator, basic("joe", "right"), "192.0.2.1")).contains("joe");
      assertThat(directory.asked).hasValue(i);
    }
    // Not even asked.
    assertThat(name(authenticator, basic("joe", ""), "192.0.2.1")).isEmpty();
    assertThat(name(authenticator, basic("joe", "x".repeat(2_000)), "192.0.2.1")).isEmpty();
    assertThat(directory.asked).hasValue(4);
  }

  @Test
  void aLookThatBeganBeforeSomethingChangedIsNotThatOfWhoComesAfter() throws Exception {
    Directory directory = new Directory();
    Authenticator authenticator = new Authenticator(List.of(directory), new SimpleMeterRegistry());
    try (ExecutorService other = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Optional<String>> before =
          other.submit(() -> name(authenticator, basic("joe", "slow"), "192.0.2.1"));
      directory.looking.acquire();
      directory.state.set("second");
      AtomicReference<Optional<String>> after = new AtomicReference<>();
      Thread joining =
          Thread.ofVirtual()
              .start(() -> after.set(name(authenticator, basic("joe", "slow"), "192.0.2.1")));
      while (joining.getState() != Thread.State.WAITING) {
        Thread.sleep(5);
      }
      directory.answered.release(2);
      assertThat(before.get()).isEmpty();
      joining.join();
      assertThat(after.get()).isEmpty();
    }
    assertThat(directory.asked).hasValue(2);
  }

  @Test
  void whoeverElseIsAskedAPasswordIsTriedTenTimesOnly() {
    Directory directory = new Directory();
    Authenticator authenticator = new Authenticator(List.of(directory), new SimpleMeterRegistry());
    for (int i = 0; i < 10; i++) {
      assertThat(name(authenticator, basic("joe", "wrong-" + i), "192.0.2.1")).isEmpty();
    }
    assertThatThrownBy(() -> name(authenticator, basic("joe", "right"), "192.0.2.1"))
        .isInstanceOf(RefusedRequestException.class);
    assertThat(directory.asked).hasValue(10);
  }

  /** Asks a database for each key, as long as the test says. */
  private static final class SlowRobots implements IdentityProvider {
    private final Semaphore looking = new Semaphore(0);
    private final Semaphore answered = new Semaphore(0);

    @Override
    public String section() {
      return "robots";
    }

    @Override
    public String means() {
      return "a key";
    }

    @Override
    public boolean isQuick() {
      return true;
    }

    @Override
    public Optional<Verdict> judge(Credential credential) {
      if (!(credential instanceof Credential.Password(String user, String password))) {
        return Optional.empty();
      }
      if (password.equals("slow")) {
        looking.release();
        answered.acquireUninterruptibly();
      }
      return Optional.of(
          password.equals("wrong")
              ? new Verdict.Refused(Verdict.Reason.WRONG_PASSWORD)
              : new Verdict.Accepted(SignedIn.user(user)));
    }

    @Override
    public boolean vouchesFor(Identity identity, Optional<String> credential) {
      return true;
    }

    @Override
    public Optional<Boolean> knows(String name) {
      return Optional.empty();
    }
  }

  @Test
  void fromWhereManyKeysWereWrongTheyAreLookedUpOneByOne() throws Exception {
    SlowRobots robots = new SlowRobots();
    Authenticator authenticator = new Authenticator(List.of(robots), new SimpleMeterRegistry());
    for (int i = 0; i < 10; i++) {
      assertThat(name(authenticator, basic("robot+ci", "wrong"), "192.0.2.1")).isEmpty();
    }
    try (ExecutorService other = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<Optional<String>> first =
          other.submit(() -> name(authenticator, basic("robot+ci", "slow"), "192.0.2.1"));
      robots.looking.acquire();
      assertThatThrownBy(() -> name(authenticator, basic("robot+ci", "right"), "192.0.2.1"))
          .isInstanceOfSatisfying(
              RefusedRequestException.class, e -> assertThat(e.error().status()).isEqualTo(429));
      // From elsewhere nobody waits.
      assertThat(name(authenticator, basic("robot+ci", "right"), "192.0.2.2")).contains("robot+ci");
      robots.answered.release();
      assertThat(first.get()).contains("robot+ci");
    }
    assertThat(name(authenticator, basic("robot+ci", "right"), "192.0.2.1")).contains("robot+ci");
  }

  static Authenticator open(Path file) throws IOException {
    return Authenticator.of(
        SignInSettings.NONE.withHtpasswd(Optional.of(file)),
        Optional.empty(),
        Optional.empty(),
        new SimpleMeterRegistry());
  }

  /** The name of whoever a header proves to be the sender; empty if nobody. */
  static Optional<String> name(
      Authenticator authenticator, Optional<String> authorization, String address) {
    return authorization
        .flatMap(Credential::parse)
        .map(credential -> authenticator.authenticate(credential, address))
        .flatMap(
            verdict ->
                verdict instanceof Verdict.Accepted(SignedIn who)
                    ? Optional.of(who.identity().name())
                    : Optional.empty());
  }

  private Path write(String content) throws Exception {
    return Files.writeString(folder.resolve("htpasswd"), content);
  }

  private static String entry(BCrypt.Version version, String user, String password) {
    return user + ":" + BCrypt.with(version).hashToString(4, password.toCharArray()) + "\n";
  }

  private static Optional<String> basic(String user, String password) {
    return Optional.of(
        "Basic "
            + Base64.getEncoder()
                .encodeToString((user + ":" + password).getBytes(StandardCharsets.UTF_8)));
  }
}
