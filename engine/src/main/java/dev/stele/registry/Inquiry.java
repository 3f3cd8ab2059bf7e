package dev.stele.registry;

import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Asks something that may not be answered for long, such as a database that is frozen, in a thread
 * of its own: whoever wants to know waits as long as it likes, and while an answer is due the
 * question is not asked a second time. Thread-safe.
 */
final class Inquiry<T> {
  private final String name;
  private final Supplier<T> question;
  private CompletableFuture<T> last = CompletableFuture.failedFuture(new IllegalStateException());

  /**
   * @param name of the thread
   */
  Inquiry(String name, Supplier<T> question) {
    this.name = name;
    this.question = question;
  }

  /** The answer that is due, or that to a question asked now; fails as the question does. */
  synchronized CompletableFuture<T> ask() {
    if (last.isDone()) {
      CompletableFuture<T> asked = new CompletableFuture<>();
      last = asked;
      Thread.ofVirtual()
          .name(name)
          .start(
              () -> {
                try {
                  asked.complete(question.get());
                } catch (Throwable e) { // whoever waits throws it
                  asked.completeExceptionally(e);
                }
              });
    }
    return last;
  }
}
