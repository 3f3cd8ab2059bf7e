package dev.stele.log;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jdbi.v3.core.Handle;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which of the nodes over one database does the work that one is enough for. The leader says every
 * second, in a row, that it leads for {@link #LEASE} more, by the database's clock. One that says
 * so no more, since it died, was stopped or was cut off, is followed by another within {@link
 * #LEASE} and a second. It holds no lock and no transaction, so whatever becomes of it keeps nobody
 * else from leading.
 *
 * <p>Each change of leader begins a new term. A leader that was stopped and goes on finds that its
 * time is over, by its own clock, before it does anything; and what it had begun to write checks
 * the term in its transaction (see {@link LogCheckpoint#lock} and {@link #lead}). Thread-safe.
 */
public final class Leadership implements AutoCloseable {
  /** For how long a leader leads without saying so again. */
  public static final Duration LEASE = Duration.ofSeconds(5);

  /** How long it takes until it is odd that nobody leads. */
  public static final Duration LONG = Duration.ofSeconds(30);

  private static final Logger logger = LoggerFactory.getLogger(Leadership.class);

  /** The term in which this thread does a leader's work. */
  private static final ScopedValue<Long> ACTING = ScopedValue.newInstance();

  private static final Duration HEARTBEAT = Duration.ofSeconds(1);

  /** A database that is silent for that long is asked on another connection. */
  private static final Duration PATIENCE = Duration.ofSeconds(3);

  /** A term, and until when it lasts if nothing more is heard, by {@link System#nanoTime}. */
  private record Term(long number, long untilNanos) {
    boolean lasts() {
      return System.nanoTime() - untilNanos < 0;
    }
  }

  private final ConnectionSource connections;
  private final UUID node = UUID.randomUUID();
  private final CountDownLatch closed = new CountDownLatch(1);
  private volatile Optional<Term> term = Optional.empty();
  private volatile OptionalLong begunNanos = OptionalLong.empty();
  private Optional<Recurring> thread = Optional.empty();

  /** This node does not lead, nor does it try to before {@link #begin}. */
  public Leadership(ConnectionSource connections) {
    this.connections = connections;
  }

  /** Leads as soon as no other node does. To be called once. */
  public synchronized void begin() {
    begunNanos = OptionalLong.of(System.nanoTime());
    thread = Optional.of(Recurring.start("leadership", this::round));
  }

  /** Whether this node leads. */
  public boolean leading() {
    return term.filter(Term::lasts).isPresent();
  }

  /** Whether this node has tried to lead, or led, for {@link #LONG}. */
  public boolean hasTriedLong() {
    OptionalLong begun = begunNanos;
    return begun.isPresent() && System.nanoTime() - begun.getAsLong() > LONG.toNanos();
  }

  /** Whether nobody has led for {@link #LONG}. */
  public static boolean isLongOver(Handle handle) {
    return handle
        .createQuery(
            """
            SELECT expires_at < clock_timestamp() - make_interval(secs => :long)
            FROM leader WHERE only_row
            """)
        .bind("long", (double) LONG.toSeconds())
        .mapTo(Boolean.class)
        .one();
  }

  /** Whether a node leads now, by what the database knows. */
  public static boolean isLed(Handle handle) {
    return handle
        .createQuery("SELECT expires_at > clock_timestamp() FROM leader WHERE only_row")
        .mapTo(Boolean.class)
        .one();
  }

  /** The term in which this node leads; empty while it does not. */
  public OptionalLong term() {
    return term.filter(Term::lasts).stream().mapToLong(Term::number).findFirst();
  }

  /** A leader's work. */
  @FunctionalInterface
  public interface Work<T> {
    T run() throws Exception;
  }

  /**
   * Does some work if this node leads. Every command that the work has the lane decide has the term
   * with it, and is refused once there is another: a leader that is stopped in the middle of its
   * work and goes on later does nothing more of what it had planned.
   *
   * @return empty if this node does not lead, so that nothing was done
   */
  public <T> Optional<T> lead(Work<T> work) throws Exception {
    OptionalLong now = term();
    return now.isEmpty()
        ? Optional.empty()
        : Optional.of(ScopedValue.where(ACTING, now.getAsLong()).call(work::run));
  }

  /** The term in which this thread does a leader's work; empty if it does none. */
  static OptionalLong acting() {
    return ACTING.isBound() ? OptionalLong.of(ACTING.get()) : OptionalLong.empty();
  }

  /** Whether no term has begun after that one. */
  static boolean isNewest(Handle transaction, long term) {
    return transaction
        .createQuery("SELECT term = :term FROM leader WHERE only_row")
        .bind("term", term)
        .mapTo(Boolean.class)
        .one();
  }

  /**
   * Whether nobody leads, or whoever leads in that term. It is read after what is written has been
   * locked: if another begins to lead right then, it waits for its turn, and finds this done.
   */
  static boolean isTurn(Handle transaction, OptionalLong term) {
    return transaction
        .createQuery(
            "SELECT term = :term OR expires_at < clock_timestamp() FROM leader WHERE only_row")
        .bind("term", term.orElse(-1))
        .mapTo(Boolean.class)
        .one();
  }

  private void round() throws SQLException, InterruptedException {
    try (Connection connection = connections.open()) {
      connection.setNetworkTimeout(Runnable::run, Math.toIntExact(PATIENCE.toMillis()));
      do {
        say(connection);
      } while (!closed.await(HEARTBEAT.toNanos(), TimeUnit.NANOSECONDS));
      resign(connection);
    } finally {
      if (!leading()) {
        set(Optional.empty());
      }
    }
  }

  private void say(Connection connection) throws SQLException {
    long start = System.nanoTime();
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            UPDATE leader
            SET term = term + CASE WHEN node = ? THEN 0 ELSE 1 END,
                node = ?,
                expires_at = clock_timestamp() + make_interval(secs => ?)
            WHERE only_row AND (node = ? OR expires_at < clock_timestamp())
            RETURNING term
            """)) {
      statement.setObject(1, node);
      statement.setObject(2, node);
      statement.setDouble(3, (double) LEASE.toSeconds());
      statement.setObject(4, node);
      try (ResultSet row = statement.executeQuery()) {
        set(
            row.next()
                ? Optional.of(new Term(row.getLong(1), start + LEASE.toNanos()))
                : Optional.empty());
      }
    }
  }

  private void resign(Connection connection) throws SQLException {
    set(Optional.empty());
    try (PreparedStatement statement =
        connection.prepareStatement(
            "UPDATE leader SET expires_at = '-infinity' WHERE only_row AND node = ?")) {
      statement.setObject(1, node);
      statement.executeUpdate();
    }
  }

  private void set(Optional<Term> now) {
    Optional<Term> before = term;
    term = now;
    if (!before.map(Term::number).equals(now.map(Term::number))) {
      logger.info(
          "{}",
          now.map(t -> "this node leads, term " + t.number()).orElse("this node leads no more"));
    }
  }

  /** Lets another node lead at once, if the database can be told; else when the time is over. */
  @Override
  public synchronized void close() {
    closed.countDown();
    thread.ifPresent(Recurring::close);
  }
}
