package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import at.favre.lib.crypto.bcrypt.BCrypt;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.stele.event.Identity;
import dev.stele.server.config.Configuration.HttpLimits;
import dev.stele.server.config.Configuration.RequestLimit;
import dev.stele.server.http.RefusedRequestException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

class RequestRateTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Identity ALICE = Identity.user("alice");

  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 3 * SECOND);
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();

  private RequestRate rate(int perSecond, int burst) {
    return new RequestRate(new RequestLimit(perSecond, burst), now::get, meters);
  }

  /** After how many seconds to try again; empty if it was let pass. */
  private static Optional<String> taken(RequestRate rate, Identity identity, String address) {
    try {
      rate.take(identity, address);
      return Optional.empty();
    } catch (RefusedRequestException e) {
      assertThat(e.error().status()).isEqualTo(429);
      return Optional.of(e.error().headers().get("Retry-After"));
    }
  }

  /** A bucket as a textbook has it, with tokens in parts of the time that one takes. */
  private static final class Bucket {
    private final long interval;
    private final long capacity;
    private long level;
    private long filledAt;

    Bucket(int perSecond, int burst, long now) {
      this.interval = SECOND / perSecond;
      this.capacity = burst * interval;
      this.level = capacity;
      this.filledAt = now;
    }

    Optional<String> take(long now) {
      level = Math.min(capacity, level + (now - filledAt));
      filledAt = now;
      if (level < interval) {
        return Optional.of(Long.toString((long) Math.ceil((interval - level) / (double) SECOND)));
      }
      level -= interval;
      return Optional.empty();
    }
  }

  record Step(int caller, long pause) {}

  @Provide
  Arbitrary<List<Step>> steps() {
    Arbitrary<Long> pauses =
        Arbitraries.oneOf(
            Arbitraries.just(0L),
            Arbitraries.longs().between(0, SECOND / 100),
            Arbitraries.longs().between(0, 5 * SECOND));
    return Combinators.combine(Arbitraries.integers().between(0, 2), pauses)
        .as(Step::new)
        .list()
        .ofMaxSize(200);
  }

  @Property(tries = 500)
  void itIsATokenBucketForEachCaller(
      @ForAll("steps") List<Step> steps,
      @ForAll @IntRange(min = 1, max = 1_000) int perSecond,
      @ForAll @IntRange(min = 1, max = 50) int burst) {
    RequestRate rate = rate(perSecond, burst);
    Map<Integer, Bucket> model = new HashMap<>();
    for (Step step : steps) {
      long time = now.addAndGet(step.pause());
      assertThat(taken(rate, Identity.user("u" + step.caller()), "10.0.0.1"))
          .isEqualTo(
              model
                  .computeIfAbsent(step.caller(), _ -> new Bucket(perSecond, burst, time))
                  .take(time));
    }
  }

  @Test
  void aServerAnswersAsTheSpecificationHasIt(@TempDir Path folder) throws Exception {
    HttpLimits standard = HttpLimits.DEFAULT;
    HttpLimits limited =
        new HttpLimits(
            standard.maxHeaderSize(),
            standard.maxBodySize(),
            standard.maxUploads(),
            standard.maxStreams(),
            standard.idleTimeout(),
            standard.drainTime(),
            standard.maxConnections(),
            standard.minRate(),
            new RequestLimit(1, 3));
    String hash = BCrypt.withDefaults().hashToString(4, "pw".toCharArray());
    Path users = Files.writeString(folder.resolve("users"), "ann:" + hash + "\nbob:" + hash + "\n");
    Logger log = (Logger) LoggerFactory.getLogger(RequestLog.class);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    log.addAppender(lines);
    log.setLevel(Level.INFO);
    try (RegistryOnTestDatabase beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
        SteleServer server =
            beneath.serve(
                ServerSettings.on(new ListenAddress("127.0.0.1", 0))
                    .withHtpasswd(Optional.of(users))
                    .withLimits(limited));
        HttpClient client = HttpClient.newHttpClient()) {
      HttpResponse<String> refused = lastOf(10, client, server, "/v2/", "ann:pw");
      assertThat(refused.statusCode()).isEqualTo(429);
      assertThat(refused.headers().firstValue("Retry-After")).contains("1");
      assertThat(refused.headers().firstValue("Content-Type")).contains("application/json");
      assertThat(refused.body())
          .contains("\"code\":\"TOOMANYREQUESTS\"")
          .contains("too many requests by ann: 1 a second are served, and 3 at once");
      // Neither others from there, nor probes, nor whoever tries passwords, pay for that.
      assertThat(lastOf(1, client, server, "/v2/", "bob:pw").statusCode()).isEqualTo(200);
      assertThat(lastOf(1, client, server, "/v2/", "bob:wrong").statusCode()).isEqualTo(401);
      assertThat(lastOf(20, client, server, "/v2/", "").statusCode()).isEqualTo(429);
      assertThat(lastOf(10, client, server, "/livez", "").statusCode()).isEqualTo(200);
      assertThat(lastOf(10, client, server, "/readyz", "").statusCode()).isIn(200, 503);
      assertThat(lastOf(1, client, server, "/v2/", "bob:wrong").statusCode()).isEqualTo(429);
      assertThat(beneath.meters().scrape())
          .contains("stele_http_limited_total{by=\"identity\"}")
          .contains("stele_http_limited_total{by=\"address\"}");
      assertThat(lines.list.stream().map(ILoggingEvent::getFormattedMessage))
          .anySatisfy(line -> assertThat(line).contains("/v2/ 429 ", " by ann at "))
          .anySatisfy(
              line -> assertThat(line).contains("/v2/ 429 ", " by anonymous (claimed: bob) at "));
    } finally {
      log.detachAppender(lines);
      log.setLevel(null);
    }
  }

  private static HttpResponse<String> lastOf(
      int count, HttpClient client, SteleServer server, String path, String credentials)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + server.address() + path));
    if (!credentials.isEmpty()) {
      request.header(
          "Authorization",
          "Basic " + Base64.getEncoder().encodeToString(credentials.getBytes(UTF_8)));
    }
    for (int i = 1; i < count; i++) {
      HttpResponse<Void> _ = client.send(request.build(), BodyHandlers.discarding());
    }
    return client.send(request.build(), BodyHandlers.ofString());
  }

  @Test
  void withoutALimitNothingIsKept() {
    RequestRate rate = new RequestRate(RequestLimit.NONE, now::get, meters);
    for (int i = 0; i < 1_000; i++) {
      assertThat(taken(rate, ALICE, "10.0.0.1")).isEmpty();
    }
    assertThat(rate.callers()).isZero();
  }

  @Test
  void whoSignedInCountsByNameAndKindAndOthersByAddress() {
    RequestRate rate = rate(1, 1);
    assertThat(taken(rate, ALICE, "10.0.0.1")).isEmpty();
    assertThat(taken(rate, ALICE, "10.0.0.2")).contains("1");
    assertThat(taken(rate, Identity.system("alice"), "10.0.0.1")).isEmpty();
    assertThat(
            taken(
                rate,
                new Identity("alice", Identity.Kind.WORKLOAD, Optional.of("forge")),
                "10.0.0.1"))
        .isEmpty();
    assertThat(taken(rate, Identity.NOBODY, "10.0.0.1")).isEmpty();
    assertThat(taken(rate, Identity.NOBODY, "10.0.0.1")).contains("1");
    assertThat(taken(rate, Identity.NOBODY, "10.0.0.2")).isEmpty();
    assertThat(taken(rate, Identity.NOBODY, "2001:db8:0:1::1")).isEmpty();
    assertThat(taken(rate, Identity.NOBODY, "2001:db8:0:1:ffff::2")).contains("1");
    assertThat(taken(rate, Identity.NOBODY, "2001:db8:0:2::1")).isEmpty();
    assertThat(meters.get("stele.http.limited").tag("by", "identity").counter().count())
        .isEqualTo(1);
    assertThat(meters.get("stele.http.limited").tag("by", "address").counter().count())
        .isEqualTo(2);
  }

  @Test
  void commandsOfThisMachineAreNeverRefused() {
    RequestRate rate = rate(1, 1);
    Identity operator = new Identity("cli:root", Identity.Kind.LOCAL, Optional.empty());
    for (int i = 0; i < 100; i++) {
      assertThat(taken(rate, operator, "127.0.0.1")).isEmpty();
    }
  }

  @Test
  void aRefusalSaysWhatIsServed() {
    RequestRate rate = rate(2, 3);
    for (int i = 0; i < 3; i++) {
      rate.take(ALICE, "10.0.0.1");
    }
    assertThatThrownBy(() -> rate.take(ALICE, "10.0.0.1"))
        .hasMessageContaining(
            "too many requests by alice: 2 a second are served, and 3 at once; try again in 1 s");
  }

  @Test
  void nothingIsKeptOfWhoseBucketIsFullAndOfSoManyAtMost() {
    RequestRate rate = rate(1, 10);
    for (int i = 0; i < 200_000; i++) {
      rate.take(Identity.NOBODY, "10.%d.%d.%d".formatted(i >> 16, (i >> 8) & 255, i & 255));
    }
    assertThat(rate.callers()).isLessThanOrEqualTo(100_000);
    now.addAndGet(11 * SECOND);
    assertThat(rate.callers()).isZero();
  }

  @Test
  void threadsTakeNoMoreThanThereIs() throws Exception {
    RequestRate rate = rate(1, 1_000);
    AtomicInteger passed = new AtomicInteger();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      threads.add(
          Thread.ofPlatform()
              .start(
                  () -> {
                    for (int i = 0; i < 1_000; i++) {
                      if (taken(rate, ALICE, "10.0.0.1").isEmpty()) {
                        passed.incrementAndGet();
                      }
                    }
                  }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(passed).hasValue(1_000);
  }
}
