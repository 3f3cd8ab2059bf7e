package dev.stele.server.config;

/** How the log is written. */
public enum LogFormat {
  /** A line an event, for people. */
  PLAIN,
  /** A JSON object a line, for programs. */
  JSON
}
