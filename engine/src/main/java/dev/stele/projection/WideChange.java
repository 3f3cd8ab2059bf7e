package dev.stele.projection;

import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * What an event changes in many repositories, or in all of a large one: repository by repository in
 * the order of names, and in each row by row in the order of digests. So where it got to is a name
 * and a digest, and it can go on from there.
 *
 * <p>Each row is changed once, and after each part what is reached is what the roots of that moment
 * reach. In the end, that is what it would be had all rows changed at once: something that is
 * without a root only between two parts is unreachable for that time since this event, and no more
 * once a later part reaches it.
 */
interface WideChange {
  /** What does not depend on the rows. */
  void begin();

  /** The next repositories that it may concern, after a name. */
  List<RepositoryName> repositories(String after, int limit);

  /** Comes to a repository; false if it concerns none of its rows. */
  boolean enter(RepositoryReach graph, RepositoryName repository);

  /** The rows that it changes of each. */
  List<RepositoryReach.Rows> rows();

  /** If it is about one digest only. */
  default Optional<Digest> only() {
    return Optional.empty();
  }

  /** Changes some rows. */
  void change(
      RepositoryReach graph,
      RepositoryName repository,
      RepositoryReach.Rows rows,
      List<Digest> digests);

  /**
   * How far a change is made: up to a row of a repository.
   *
   * @param rows the number of a kind of rows in {@link WideChange#rows}; after the last, all of the
   *     repository is done
   */
  record Done(String repository, int rows, Optional<Digest> digest) {
    private static Done parse(String text) {
      String[] parts = text.split(" ", 3);
      return new Done(
          parts[0],
          Integer.parseInt(parts[1]),
          Optional.of(parts[2]).filter(digest -> !digest.isEmpty()).map(Digest::parse));
    }

    private String text() {
      return repository + " " + rows + " " + digest.map(Digest::toString).orElse("");
    }
  }

  /**
   * Makes the next part of a change.
   *
   * @param most about how many repositories and rows to look at
   * @param done what the last part returned; empty for the first
   * @return how far it is made; empty if all of it is
   */
  static Optional<String> part(
      Handle transaction, RecordedEvent event, WideChange change, int most, Optional<String> done) {
    Done at = done.map(Done::parse).orElse(new Done("", change.rows().size(), Optional.empty()));
    if (done.isEmpty()) {
      change.begin();
    }
    int left = most;
    while (true) {
      if (at.rows() < change.rows().size()) {
        RepositoryName repository = RepositoryName.parse(at.repository());
        RepositoryReach graph = new RepositoryReach(transaction, event, repository);
        RepositoryReach.Rows rows = change.rows().get(at.rows());
        Optional<Digest> only = change.only();
        List<Digest> digests =
            only.isPresent() ? List.of(only.get()) : graph.next(rows, at.digest(), left);
        if (!digests.isEmpty()) {
          change.change(graph, repository, rows, digests);
        }
        boolean more = only.isEmpty() && digests.size() == left;
        at =
            more
                ? new Done(at.repository(), at.rows(), Optional.of(digests.getLast()))
                : new Done(at.repository(), at.rows() + 1, Optional.empty());
        left -= digests.size();
      } else {
        List<RepositoryName> names = change.repositories(at.repository(), left);
        if (names.isEmpty()) {
          return Optional.empty();
        }
        boolean entered = false;
        for (int n = 0; n < names.size() && !entered; n++) {
          RepositoryName name = names.get(n);
          entered = change.enter(new RepositoryReach(transaction, event, name), name);
          at = new Done(name.value(), entered ? 0 : change.rows().size(), Optional.empty());
          left--;
        }
      }
      if (left <= 0) {
        return Optional.of(at.text());
      }
    }
  }
}
