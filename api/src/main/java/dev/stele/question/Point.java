package dev.stele.question;

import dev.stele.history.Since;

/** An event by its time and position. */
public record Point(String at, long position) {
  static Point of(Since since) {
    return new Point(since.at().toString(), since.position());
  }
}
