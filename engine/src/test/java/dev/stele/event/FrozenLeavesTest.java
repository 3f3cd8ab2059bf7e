package dev.stele.event;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Leaves are hashed and signed, and kept for ever. {@code leaves.jsonl} has one of every type and
 * form that was ever written, in its exact bytes: lines are added to it, for new types and schemas,
 * and none is ever changed or removed.
 */
class FrozenLeavesTest {
  private final EventCodec codec = new EventCodec();

  private static List<String> recorded() throws IOException {
    try (InputStream in = FrozenLeavesTest.class.getResourceAsStream("leaves.jsonl")) {
      return new String(in.readAllBytes(), UTF_8).lines().toList();
    }
  }

  @Test
  void whatWasRecordedIsReadAndWrittenInTheSameBytes() throws IOException {
    for (String line : recorded()) {
      byte[] leaf = line.getBytes(UTF_8);
      RecordedEvent event = codec.decode(leaf);
      JsonNode json = codec.tree(leaf);
      if (json.get("schema").asInt() == event.event().schema()) {
        byte[] salt = HexFormat.of().parseHex(json.get("salt").asText());
        assertThat(new String(codec.encode(event, salt), UTF_8)).isEqualTo(line);
      }
    }
  }

  @Test
  void everyTypeAndFormIsThere() throws IOException {
    List<String> recorded = recorded();
    for (Event event : EventCodecTest.everyType().toList()) {
      String written =
          new String(codec.encode(EventCodecTest.recorded(event), new byte[16]), UTF_8);
      assertThat(recorded)
          .as("what is written now and not frozen: add the line to leaves.jsonl\n%s", written)
          .contains(written);
    }
  }

  /** Whoever reads leaves in years has the document alone. */
  @Test
  void everyFieldIsDocumented() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("../docs/leaves.md"));
    for (Class<?> type : EventCodec.types(Event.class).toList()) {
      String row =
          lines.stream()
              .filter(line -> line.startsWith("| `" + type.getSimpleName() + "` |"))
              .findFirst()
              .orElseThrow(() -> new AssertionError(type.getSimpleName() + " is not documented"));
      Stream<String> fields =
          Arrays.stream(type.getRecordComponents()).map(field -> "`" + field.getName() + "`");
      assertThat(row.split("\\|", -1)[3].strip().replaceAll(":? [^`,]*(, |$)", "$1"))
          .as(type.getSimpleName())
          .isEqualTo(String.join(", ", new TreeSet<>(fields.toList())));
    }
  }
}
