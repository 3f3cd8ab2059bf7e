package dev.stele.log;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A cause is told once for many requests, and each cause by itself. */
class RepeatedWarningTest {
  @Test
  void aCauseIsToldOnceInAWhileWithHowManyMoreThereWere() {
    Logger logger = (Logger) LoggerFactory.getLogger("repeated-warning-test");
    logger.setAdditive(false);
    logger.setLevel(Level.WARN);
    ListAppender<ILoggingEvent> lines = new ListAppender<>();
    lines.start();
    logger.addAppender(lines);
    AtomicLong now = new AtomicLong();
    RepeatedWarning warning = new RepeatedWarning(logger, now::get);

    warning.warn("full", "the disk is full");
    warning.warn("full", "the disk is full");
    warning.warn("full", "the disk is full");
    warning.warn("away", "the database is away");
    now.addAndGet(RepeatedWarning.EVERY.toNanos());
    warning.warn("full", "the disk is still full");
    now.addAndGet(RepeatedWarning.EVERY.toNanos());
    warning.warn("full", "the disk is full again");

    assertThat(lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList())
        .isEqualTo(
            List.of(
                "the disk is full",
                "the database is away",
                "the disk is still full (and 2 more since this was last told)",
                "the disk is full again"));
  }
}
