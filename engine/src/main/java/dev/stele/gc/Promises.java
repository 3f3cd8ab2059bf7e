package dev.stele.gc;

import dev.stele.log.Outage;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Gives the {@link Leases} that go with telling a client that something is there, by whatever kind
 * of answer. Nothing is written for what a root reaches. Thread-safe.
 *
 * <p>A database that cannot be written, as a standby or one without room, still answers: nothing is
 * collected through it either. What is promised meanwhile is owed, at most {@value #MOST_OWED}
 * promises, and written as soon as the database can be written again, before this node collects. A
 * standby's primary knows nothing of it: what is told there is true, but no promise.
 */
public final class Promises implements AutoCloseable {
  private static final Logger logger = LoggerFactory.getLogger(Promises.class);
  private static final int MOST_OWED = 100_000;
  private static final Duration RETRY = Duration.ofSeconds(1);

  private record Owed(RepositoryName repository, Digest digest) {}

  private final Jdbi jdbi;
  private final Duration renewal;
  private final Set<Owed> owed = new LinkedHashSet<>();
  private Thread payer;
  private boolean closed;

  /**
   * @param renewal how long a promise serves for those who ask after it was given
   */
  public Promises(Jdbi jdbi, Duration renewal) {
    this.jdbi = jdbi;
    this.renewal = renewal;
  }

  /** How old a promise may be to serve for another one as well. */
  public Duration renewal() {
    return renewal;
  }

  /**
   * Looks for a digest of a repository and promises it for a grace period from now, if it is there.
   * Outside the lane and any transaction.
   *
   * @param look one statement, since what it sees must be of one moment
   * @param due whether that is there and has a lease that must be renewed
   * @return what was seen after the promise
   */
  public <T> T give(
      Handle handle,
      RepositoryName repository,
      Digest digest,
      Function<Handle, T> look,
      Predicate<T> due) {
    T seen = look.apply(handle);
    if (!due.test(seen)) {
      return seen;
    }
    try {
      Leases.renew(handle, repository, digest);
    } catch (JdbiException e) {
      if (!Outage.forbidsWriting(e)) {
        throw e;
      }
      owe(new Owed(repository, digest));
    }
    return look.apply(handle);
  }

  private synchronized void owe(Owed promise) {
    if (owed.size() == MOST_OWED || closed) {
      return;
    }
    owed.add(promise);
    if (payer == null) {
      logger.warn("the database cannot be written; what is promised meanwhile is kept in memory");
      payer = Thread.ofVirtual().name("owed-promises").start(this::payLater);
    }
  }

  private void payLater() {
    while (true) {
      try {
        Thread.sleep(RETRY);
        pay();
      } catch (InterruptedException e) {
        return;
      } catch (JdbiException e) {
        logger.debug("what was promised cannot be written yet", e);
      }
      synchronized (this) {
        if (owed.isEmpty()) {
          payer = null;
          return;
        }
      }
    }
  }

  /** Writes what is owed. What fails to be written stays owed, and the failure is thrown. */
  void pay() {
    List<Owed> promises;
    synchronized (this) {
      promises = List.copyOf(owed);
    }
    for (Owed promise : promises) {
      jdbi.useHandle(handle -> Leases.renew(handle, promise.repository(), promise.digest()));
      synchronized (this) {
        owed.remove(promise);
      }
    }
  }

  /** Gives up what is still owed. */
  @Override
  public void close() {
    Thread running;
    synchronized (this) {
      closed = true;
      running = payer;
    }
    if (running != null) {
      running.interrupt();
    }
  }
}
