package dev.stele.server.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.server.http.RefusedRequestException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HtpasswdAuthenticatorTest {
  @TempDir private Path folder;

  @Test
  void tellsRightPasswordsFromWrongOnes() throws Exception {
    Path file = write("# users\n\n" + entry(BCrypt.Version.VERSION_2Y, "ann", "secret:x"));
    Authenticator authenticator = new HtpasswdAuthenticator(file);

    for (int i = 0; i < 3; i++) {
      assertThat(authenticator.authenticate(basic("ann", "secret:x"), "127.0.0.1")).contains("ann");
      assertThat(authenticator.authenticate(basic("ann", "secret"), "127.0.0.1")).isEmpty();
    }
    assertThat(authenticator.authenticate(basic("bob", "secret:x"), "127.0.0.1")).isEmpty();
    assertThat(authenticator.authenticate(Optional.empty(), "127.0.0.1")).isEmpty();
    assertThat(authenticator.authenticate(Optional.of("Basic !!!"), "127.0.0.1")).isEmpty();
    assertThat(authenticator.authenticate(Optional.of("Bearer abc"), "127.0.0.1")).isEmpty();
    assertThat(authenticator.authenticate(basic("ann", "x".repeat(500)), "127.0.0.1")).isEmpty();
  }

  @Test
  void acceptsEveryPrefixOfBcrypt() throws Exception {
    Path file =
        write(
            entry(BCrypt.Version.VERSION_2A, "a", "1")
                + entry(BCrypt.Version.VERSION_2B, "b", "2")
                + entry(BCrypt.Version.VERSION_2Y, "c", "3"));
    Authenticator authenticator = new HtpasswdAuthenticator(file);
    assertThat(authenticator.authenticate(basic("a", "1"), "127.0.0.1")).contains("a");
    assertThat(authenticator.authenticate(basic("b", "2"), "127.0.0.1")).contains("b");
    assertThat(authenticator.authenticate(basic("c", "3"), "127.0.0.1")).contains("c");
  }

  @Test
  void readsAChangedFileAgainAndForgetsWhatItHadVerified() throws Exception {
    Path file = write(entry(BCrypt.Version.VERSION_2B, "ann", "old"));
    Authenticator authenticator = new HtpasswdAuthenticator(file);
    assertThat(authenticator.authenticate(basic("ann", "old"), "127.0.0.1")).contains("ann");

    write(entry(BCrypt.Version.VERSION_2B, "ann", "newer") + "# changed\n");
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (authenticator.authenticate(basic("ann", "newer"), "127.0.0.1").isEmpty()
        && System.nanoTime() < deadline) {
      Thread.sleep(300);
    }
    assertThat(authenticator.authenticate(basic("ann", "newer"), "127.0.0.1")).contains("ann");
    assertThat(authenticator.authenticate(basic("ann", "old"), "127.0.0.1")).isEmpty();
  }

  @Test
  void whoTriesManyPasswordsIsToldToWaitAndNobodyElseIs() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("htpasswd"),
            "ann:"
                + BCrypt.with(BCrypt.Version.VERSION_2B).hashToString(10, "secret".toCharArray()));
    Authenticator authenticator = new HtpasswdAuthenticator(file);
    assertThat(authenticator.authenticate(basic("ann", "secret"), "127.0.0.1")).contains("ann");
    AtomicInteger refused = new AtomicInteger();
    try (ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 500; i++) {
        String wrong = "wrong-" + i;
        Future<?> _ =
            many.submit(
                () -> {
                  try {
                    assertThat(authenticator.authenticate(basic("ann", wrong), "127.0.0.1"))
                        .isEmpty();
                  } catch (RefusedRequestException e) {
                    refused.incrementAndGet();
                  }
                });
      }
      assertThat(authenticator.authenticate(basic("ann", "secret"), "127.0.0.1")).contains("ann");
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
    Authenticator authenticator = new HtpasswdAuthenticator(file);
    List<Future<Optional<String>>> all = new ArrayList<>();
    try (ExecutorService many = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 300; i++) {
        all.add(many.submit(() -> authenticator.authenticate(basic("ann", "secret"), "192.0.2.1")));
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
        .isThrownBy(() -> new HtpasswdAuthenticator(file))
        .withMessageContaining("line 1")
        .withMessageContaining("bcrypt")
        .withMessageNotContaining("fEqNC");
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
