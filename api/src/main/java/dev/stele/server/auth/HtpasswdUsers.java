package dev.stele.server.auth;

import at.favre.lib.crypto.bcrypt.BCrypt;
import at.favre.lib.crypto.bcrypt.LongPasswordStrategies;
import dev.stele.blob.FileFailure;
import dev.stele.event.Event.UserChanged.Change;
import dev.stele.event.Identity;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The users of an htpasswd file with bcrypt entries. Whoever comes {@value #CHECK_SECONDS} second
 * after the file changed, or later, is judged by what it has now; while it is unreadable or
 * malformed, what was read last stays in force and the log says so.
 *
 * <p>A wrong password and an unknown user are the same answer after the same work, where nobody
 * else is asked about names. Passwords are checked on a few threads, so that whoever tries some
 * leaves processors to everybody else, and {@value #MOST_WAITING} may wait for that.
 */
final class HtpasswdUsers implements IdentityProvider {
  private static final Logger logger = LoggerFactory.getLogger(HtpasswdUsers.class);

  /** What the configuration calls it. */
  static final String SECTION = "htpasswd";

  private static final int CHECK_SECONDS = 1;
  private static final int LONGEST_READ_SECONDS = 5;
  private static final BCrypt.Verifyer VERIFIER =
      BCrypt.verifyer(null, LongPasswordStrategies.truncate(BCrypt.Version.VERSION_2B));
  private static final int MOST_WAITING = 100;

  /** What identifies a version of the file. */
  private record Version(FileTime modified, long size, String fileKey) {}

  /** The file's content. */
  private record Loaded(Version version, Htpasswd users) {}

  /** Half of the processors; a thread that has nothing to do ends. */
  private final ExecutorService checking;

  private final Path file;
  private final boolean alone;
  private final SourceMetrics metrics;
  private final Consumer<Map<String, Change>> changed;
  private final Lock reading = new ReentrantLock();
  private volatile Loaded loaded;
  private volatile long nextCheck;

  /**
   * @param alone whether nobody else is asked about names that the file does not have
   * @param metrics is told whether the file could be read
   * @param changed is told, in a thread of its own, what is otherwise when the file was read again
   * @throws IOException if the file cannot be read or is malformed; the message is fit for people
   */
  HtpasswdUsers(
      Path file, boolean alone, SourceMetrics metrics, Consumer<Map<String, Change>> changed)
      throws IOException {
    this.metrics = metrics;
    this.changed = changed;
    this.file = file;
    this.alone = alone;
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
    metrics.succeeded();
    this.nextCheck = System.nanoTime();
  }

  /** The same, where each error says which file it is about. */
  static HtpasswdUsers of(
      Path file, boolean alone, SourceMetrics metrics, Consumer<Map<String, Change>> changed)
      throws IOException {
    if (Files.isDirectory(file)) {
      throw new IOException("htpasswd: %s is a folder; name the file in it".formatted(file));
    }
    try {
      return new HtpasswdUsers(file, alone, metrics, changed);
    } catch (IOException e) {
      throw new IOException(
          "htpasswd: the file %s cannot be used: %s"
              .formatted(
                  file, e instanceof FileSystemException ? FileFailure.reason(e) : e.getMessage()),
          e);
    }
  }

  @Override
  public String section() {
    return SECTION;
  }

  @Override
  public String means() {
    return Credential.Password.MEANS;
  }

  @Override
  public Optional<Verdict> judge(Credential credential) {
    if (!(credential instanceof Credential.Password given)) {
      return Optional.empty();
    }
    Loaded current = current();
    Optional<String> hash = current.users.hash(given.user());
    if (hash.isEmpty() && !alone) {
      return Optional.empty();
    }
    boolean right =
        hash.or(() -> current.users.inPlaceOf(given.user()))
            .filter(looked -> matches(given.password(), looked))
            .isPresent();
    return Optional.of(
        hash.isPresent() && right
            ? new Verdict.Accepted(SignedIn.user(given.user()))
            : new Verdict.Refused(Verdict.Reason.WRONG_PASSWORD));
  }

  @Override
  public boolean vouchesFor(Identity identity, Optional<String> credential) {
    return identity.kind() == Identity.Kind.USER
        && identity.issuer().isEmpty()
        && knows(identity.name()).orElseThrow();
  }

  @Override
  public Optional<Boolean> knows(String name) {
    return Optional.of(current().users.hash(name).isPresent());
  }

  /** Another once the file changed. */
  @Override
  public Object state() {
    return current();
  }

  @Override
  public void close() {
    checking.shutdown();
  }

  private boolean matches(String password, String hash) {
    try {
      return checking.submit(() -> verified(password, hash)).get();
    } catch (RejectedExecutionException e) {
      throw Authenticator.busy();
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

  /**
   * The content that counts for a request which runs now. Where it is due to look at the file,
   * whoever comes waits for the one who looks, since what is known may be old; but no longer than
   * for {@value #LONGEST_READ_SECONDS} seconds: a file that cannot be read in that time leaves what
   * was read last in force, as any that cannot be read does.
   */
  private Loaded current() {
    long now = System.nanoTime();
    if (now - nextCheck < 0) {
      return loaded;
    }
    try {
      if (!reading.tryLock(LONGEST_READ_SECONDS, TimeUnit.SECONDS)) {
        return loaded;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the users were read", e);
    }
    try {
      if (now - nextCheck >= 0) {
        long looked = System.nanoTime();
        readAgainIfChanged();
        // INVARIANT: after the content that counts until then is in place, and no later than a
        // second after a moment at which the file had that.
        nextCheck = looked + CHECK_SECONDS * 1_000_000_000L;
      }
      return loaded;
    } finally {
      reading.unlock();
    }
  }

  private void readAgainIfChanged() {
    try {
      Version version = version();
      if (!version.equals(loaded.version)) {
        Htpasswd before = loaded.users;
        loaded = load(version);
        Map<String, Change> changes = before.changesTo(loaded.users);
        if (!changes.isEmpty()) {
          // Whoever signs in now does not wait for it.
          Thread.ofVirtual().name("users changed").start(() -> changed.accept(changes));
        }
        logger.info("read {} again", file);
      }
      metrics.succeeded();
    } catch (IOException e) {
      metrics.failed();
      logger.warn("{} cannot be read, so its last content stays in force: {}", file, e.toString());
    }
  }

  private Version version() throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    return new Version(
        attributes.lastModifiedTime(), attributes.size(), String.valueOf(attributes.fileKey()));
  }

  private Loaded load(Version version) throws IOException {
    Htpasswd users = Htpasswd.read(file);
    if (users.isEmpty() && alone) {
      logger.warn("htpasswd: {} has no user, so nobody can sign in by a password", file);
    }
    FileAccess.warnIfOthersCanRead("htpasswd", file);
    return new Loaded(version, users);
  }
}
