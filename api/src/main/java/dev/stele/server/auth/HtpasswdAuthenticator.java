package dev.stele.server.auth;

import at.favre.lib.crypto.bcrypt.BCrypt;
import at.favre.lib.crypto.bcrypt.LongPasswordStrategies;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.RefusedRequestException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Base64;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * HTTP Basic authentication against an htpasswd file with bcrypt entries. A changed file is read
 * again within {@value #CHECK_SECONDS} seconds; while it is unreadable or malformed, what was read
 * last stays in force and the log says so.
 *
 * <p>A wrong password and an unknown user are the same answer after the same work. Since bcrypt is
 * slow on purpose and clients send their password with each request, verified ones are remembered
 * for a short while (see {@link VerifiedCredentials}). Others are checked on a few threads, so that
 * whoever tries passwords leaves processors to everybody else, and {@value #MOST_WAITING} may wait
 * for that. Who had too many wrong is told to wait (see {@link FailedSignIns}).
 */
public final class HtpasswdAuthenticator implements Authenticator {
  private static final Logger logger = LoggerFactory.getLogger(HtpasswdAuthenticator.class);
  private static final int CHECK_SECONDS = 1;
  private static final BCrypt.Verifyer VERIFIER =
      BCrypt.verifyer(null, LongPasswordStrategies.truncate(BCrypt.Version.VERSION_2B));
  private static final int LONGEST_HEADER = 2_048;
  private static final int MOST_WAITING = 100;
  private static final int MOST_OF_ONE = 20;

  /** What identifies a version of the file. */
  private record Version(FileTime modified, long size, String fileKey) {}

  /**
   * The file's content with what belongs to it: passwords verified against it or found wrong, and a
   * decoy.
   */
  private record Loaded(
      Version version,
      Htpasswd users,
      String decoy,
      VerifiedCredentials verified,
      FailedSignIns failed) {}

  /** Half of the processors; a thread that has nothing to do ends. */
  private final ExecutorService checking;

  private final ConcurrentMap<ByteBuffer, CompletableFuture<Boolean>> pending =
      new ConcurrentHashMap<>();

  private final ConcurrentMap<String, Integer> checkingByAddress = new ConcurrentHashMap<>();
  private final Path file;
  private volatile Loaded loaded;
  private volatile long nextCheck;

  /**
   * @throws IOException if the file cannot be read or is malformed; the message is fit for people
   */
  public HtpasswdAuthenticator(Path file) throws IOException {
    this.file = file;
    int threads = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    ThreadPoolExecutor few =
        new ThreadPoolExecutor(
            threads,
            threads,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MOST_WAITING),
            Thread.ofPlatform().daemon().name("password-", 1).factory());
    few.allowCoreThreadTimeOut(true);
    this.checking = few;
    this.loaded = load(version());
    this.nextCheck = System.nanoTime();
  }

  @Override
  public boolean required() {
    return true;
  }

  @Override
  public String challenge() {
    return "Basic realm=\"Stele\", charset=\"UTF-8\"";
  }

  @Override
  public Optional<String> authenticate(Optional<String> authorization, String address) {
    Optional<String> decoded = authorization.flatMap(HtpasswdAuthenticator::decode);
    if (decoded.isEmpty()) {
      return Optional.empty();
    }
    int colon = decoded.get().indexOf(':');
    if (colon <= 0) {
      return Optional.empty();
    }
    String user = decoded.get().substring(0, colon);
    String password = decoded.get().substring(colon + 1);
    Loaded current = current();
    if (current.verified.contains(user, password)) {
      return Optional.of(user);
    }
    current.failed.check(user, address);
    Optional<String> hash = current.users.hash(user);
    boolean right =
        checked(
            current.verified.key(user, password),
            address,
            () -> matches(password, hash.orElse(current.decoy)));
    if (hash.isEmpty() || !right) {
      current.failed.add(user, address);
      return Optional.empty();
    }
    current.verified.add(user, password);
    return Optional.of(user);
  }

  @Override
  public boolean knows(String user) {
    return current().users.hash(user).isPresent();
  }

  @Override
  public Optional<String> claimed(Optional<String> authorization) {
    return authorization
        .flatMap(HtpasswdAuthenticator::decode)
        .filter(text -> text.indexOf(':') > 0)
        .map(text -> text.substring(0, text.indexOf(':')));
  }

  private static Optional<String> decode(String authorization) {
    if (authorization.length() > LONGEST_HEADER
        || !authorization.toLowerCase(Locale.ROOT).startsWith("basic ")) {
      return Optional.empty();
    }
    try {
      byte[] bytes = Base64.getDecoder().decode(authorization.substring(6).strip());
      return Optional.of(new String(bytes, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * Looks at a password, once for all who send it at the same time, as the requests of one client
   * do; and at so many at once of one address, so that nobody fills the queue alone.
   */
  private boolean checked(ByteBuffer key, String address, BooleanSupplier check) {
    CompletableFuture<Boolean> own = new CompletableFuture<>();
    CompletableFuture<Boolean> running = pending.putIfAbsent(key, own);
    if (running != null) {
      try {
        return running.join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof RuntimeException failure) {
          throw failure;
        }
        throw e;
      }
    }
    String network = FailedSignIns.network(address);
    try {
      if (checking(network, 1) > MOST_OF_ONE) {
        throw busy();
      }
      boolean right = check.getAsBoolean();
      own.complete(right);
      return right;
    } catch (RuntimeException e) {
      own.completeExceptionally(e);
      throw e;
    } finally {
      int _ = checking(network, -1);
      pending.remove(key, own);
      // Nobody waits for what an error ended.
      boolean _ = own.completeExceptionally(new IllegalStateException("a look ended early"));
    }
  }

  private int checking(String network, int more) {
    Integer now =
        checkingByAddress.merge(
            network, more, (a, b) -> a + b == 0 ? null : Integer.valueOf(a + b));
    return now == null ? 0 : now;
  }

  private static RefusedRequestException busy() {
    return new DistributionError(
            429, ErrorCode.TOOMANYREQUESTS, "too many passwords are being checked; try again")
        .with("Retry-After", "5")
        .asException();
  }

  private boolean matches(String password, String hash) {
    try {
      return checking.submit(() -> verified(password, hash)).get();
    } catch (RejectedExecutionException e) {
      throw busy();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while a password was checked", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException("a password could not be checked", e.getCause());
    }
  }

  private static boolean verified(String password, String hash) {
    // As htpasswd and every other bcrypt do: what is beyond 72 bytes does not count.
    return VERIFIER.verify(
            password.getBytes(StandardCharsets.UTF_8), hash.getBytes(StandardCharsets.US_ASCII))
        .verified;
  }

  private Loaded current() {
    long now = System.nanoTime();
    if (now - nextCheck < 0) {
      return loaded;
    }
    synchronized (this) {
      if (now - nextCheck < 0) {
        return loaded;
      }
      nextCheck = now + CHECK_SECONDS * 1_000_000_000L;
      try {
        Version version = version();
        if (!version.equals(loaded.version)) {
          loaded = load(version);
          logger.info("read {} again", file);
        }
      } catch (IOException e) {
        logger.warn(
            "{} cannot be read, so its last content stays in force: {}", file, e.toString());
      }
      return loaded;
    }
  }

  private Version version() throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    return new Version(
        attributes.lastModifiedTime(), attributes.size(), String.valueOf(attributes.fileKey()));
  }

  private Loaded load(Version version) throws IOException {
    Htpasswd users = Htpasswd.read(file);
    if (users.isEmpty()) {
      logger.warn("htpasswd: {} has no user, so nobody can sign in", file);
    }
    FileAccess.warnIfOthersCanRead("htpasswd", file);
    String decoy =
        BCrypt.withDefaults().hashToString(users.highestCost(), "nobody has this".toCharArray());
    return new Loaded(
        version, users, decoy, new VerifiedCredentials(), new FailedSignIns(Caffeine.newBuilder()));
  }
}
