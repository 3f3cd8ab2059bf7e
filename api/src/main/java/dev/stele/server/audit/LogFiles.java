package dev.stele.server.audit;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.merkle.LogProof;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.Tile;
import dev.stele.question.EventQuestions;
import dev.stele.registry.SignedLog;
import dev.stele.registry.TimeStampedCheckpoint;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/** {@code /log}: the signed log, as C2SP's tlog-tiles has it. */
record LogFiles(SignedLog log, AuditWork work) {
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String BYTES = "application/octet-stream";

  /** What never changes, for who may see it and no cache between. */
  private static final String FOR_EVER = "private, max-age=31536000, immutable";

  void checkpoint(Exchange exchange) throws IOException, InterruptedException {
    text(
        exchange,
        work.run(log::newest)
            .orElseThrow(() -> none("nothing was signed yet; ask again in some seconds")));
  }

  void witnessed(Exchange exchange) throws IOException, InterruptedException {
    text(
        exchange,
        work.run(log::witnessed)
            .orElseThrow(() -> none("not as many witnesses as must have cosigned the log yet")));
  }

  /**
   * A checkpoint and what an authority said of it, which belong together.
   *
   * @param checkpoint a signed note
   * @param token in base64
   */
  private record Stamped(String checkpoint, String token, String time) {}

  void stamped(Exchange exchange) throws IOException, InterruptedException {
    TimeStampedCheckpoint found =
        work.run(log::stamped)
            .orElseThrow(() -> none("no time-stamp authority has seen the log yet"));
    exchange
        .set("Cache-Control", "no-cache")
        .sendJson(
            200,
            new Stamped(
                found.note().toString(),
                Base64.getEncoder().encodeToString(found.token()),
                found.at().toString()));
  }

  void keys(Exchange exchange) throws IOException {
    List<NoteKey> keys = log.keys();
    if (keys.isEmpty()) {
      throw none("this server has no keys that sign the log");
    }
    text(exchange, keys.stream().map(key -> key + "\n").collect(Collectors.joining()));
  }

  void policy(Exchange exchange) throws IOException {
    text(
        exchange,
        log.policy().orElseThrow(() -> none("this server has no keys that sign the log")));
  }

  private static void text(Exchange exchange, Object said) throws IOException {
    exchange.set("Cache-Control", "no-cache").sendBytes(200, TEXT, said.toString().getBytes(UTF_8));
  }

  void proof(Exchange exchange, String text) throws IOException, InterruptedException {
    long position = EventQuestions.position(text);
    LogProof proof =
        work.run(() -> log.proof(position))
            .orElseThrow(
                () ->
                    none(
                        "the log was not signed with an event at position %d yet; of a new one ask again in some seconds"
                            .formatted(position)));
    text(exchange, proof);
  }

  void tile(Exchange exchange, String level, String path) throws IOException, InterruptedException {
    Optional<Integer> known = Tile.parseLevel(level);
    send(
        exchange,
        path,
        asked ->
            known.flatMap(number -> log.tile(new Tile(number, asked.number()), asked.width())));
  }

  void entries(Exchange exchange, String path) throws IOException, InterruptedException {
    send(exchange, path, asked -> log.entries(asked.number(), asked.width()));
  }

  private void send(Exchange exchange, String path, Function<Tile.Asked, Optional<byte[]>> found)
      throws IOException, InterruptedException {
    byte[] bytes =
        work.run(() -> Tile.Asked.parse(path).flatMap(found))
            .orElseThrow(
                () ->
                    none("the log, as it was signed last, has no such tile, or not as many of it"));
    exchange.set("Cache-Control", FOR_EVER).sendBytes(200, BYTES, bytes);
  }

  private static RuntimeException none(String why) {
    return new DistributionError(404, ErrorCode.NOT_FOUND, why).asException();
  }
}
