package dev.stele.server;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import dev.stele.server.config.LogFormat;
import org.slf4j.LoggerFactory;

/** Switches how the process writes its log, which {@code logback.xml} sets up as plain text. */
public final class Logging {
  private Logging() {}

  /** Writes the log in this format from now on. To be called once, at the start. */
  public static void use(LogFormat format) {
    switch (format) {
      case PLAIN -> {}
      case JSON -> useJson();
    }
  }

  /** Leaves requests out of the log: they are those of a command to itself. */
  static void withoutRequests() {
    ((LoggerContext) LoggerFactory.getILoggerFactory())
        .getLogger(RequestLog.class)
        .setLevel(Level.OFF);
  }

  private static void useJson() {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context
        .getLogger(Logger.ROOT_LOGGER_NAME)
        .iteratorForAppenders()
        .forEachRemaining(
            appender -> {
              if (appender instanceof ConsoleAppender<ILoggingEvent> console) {
                console.setEncoder(encoder(context));
              }
            });
  }

  static JsonEncoder encoder(LoggerContext context) {
    JsonEncoder encoder = new JsonEncoder();
    encoder.setContext(context);
    encoder.setWithSequenceNumber(false);
    encoder.setWithNanoseconds(false);
    encoder.setWithContext(false);
    // The formatted one says all.
    encoder.setWithMessage(false);
    encoder.setWithArguments(false);
    encoder.setWithFormattedMessage(true);
    encoder.start();
    return encoder;
  }
}
