package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LoggingTest {
  @Test
  void aJsonLineHasTimeLevelLoggerRequestMessageAndStackTrace() throws Exception {
    LoggerContext context = new LoggerContext();
    Logger logger = context.getLogger("dev.stele.Some");
    LoggingEvent event =
        new LoggingEvent(
            "caller",
            logger,
            Level.ERROR,
            "two {}",
            new IllegalStateException("it broke", new RuntimeException("why")),
            new Object[] {"lines\nhere"});
    event.setMDCPropertyMap(Map.of("requestId", "r-1"));

    String line = new String(Logging.encoder(context).encode(event), UTF_8);
    assertThat(line).endsWith("\n");
    assertThat(line.strip()).doesNotContain("\n");
    JsonNode json = new ObjectMapper().readTree(line);
    assertThat(json.get("timestamp").asLong()).isEqualTo(event.getTimeStamp());
    assertThat(json.get("level").asText()).isEqualTo("ERROR");
    assertThat(json.get("loggerName").asText()).isEqualTo("dev.stele.Some");
    assertThat(json.get("formattedMessage").asText()).isEqualTo("two lines\nhere");
    assertThat(json.get("mdc").get("requestId").asText()).isEqualTo("r-1");
    JsonNode thrown = json.get("throwable");
    assertThat(thrown.get("className").asText()).isEqualTo(IllegalStateException.class.getName());
    assertThat(thrown.get("message").asText()).isEqualTo("it broke");
    assertThat(thrown.get("stepArray").get(0).get("methodName").asText())
        .isEqualTo("aJsonLineHasTimeLevelLoggerRequestMessageAndStackTrace");
    assertThat(thrown.get("cause").get("message").asText()).isEqualTo("why");
  }
}
