package dev.stele.cli;

import java.time.Duration;

/** Has another thread do something, unless it is closed before. */
final class Late implements AutoCloseable {
  private final Thread thread;

  /**
   * Begins to wait.
   *
   * @param after how long until it is done
   */
  Late(Duration after, Runnable what) {
    thread =
        Thread.ofPlatform()
            .daemon()
            .start(
                () -> {
                  try {
                    Thread.sleep(after);
                    what.run();
                  } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                  }
                });
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
