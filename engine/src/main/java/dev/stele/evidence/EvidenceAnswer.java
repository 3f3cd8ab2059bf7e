package dev.stele.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.event.CanonicalJson;
import dev.stele.event.Event;
import dev.stele.event.Identity;
import dev.stele.event.Opening;
import dev.stele.event.Origin;
import dev.stele.merkle.Checkpoint;
import dev.stele.oci.Tag;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the leaves of some evidence answer, as people and programs read it. It follows from the
 * leaves, the openings and the checkpoint alone, byte for byte, so whoever has these can make it
 * again and see that it is what they say.
 *
 * @param question what was asked for
 * @param issued the event that says so
 * @param openings by what they open
 */
record EvidenceAnswer(
    EvidenceQuestion question,
    EvidenceLeaf issued,
    Checkpoint checkpoint,
    Map<String, Opening> openings,
    EvidenceLeaves leaves) {
  private static final JsonMapper JSON = new JsonMapper();

  private static final List<String> COLUMNS =
      List.of(
          "position",
          "recordedAt",
          "type",
          "actor",
          "actorKind",
          "issuer",
          "address",
          "agent",
          "credential",
          "repository",
          "user",
          "cause",
          "causeDetail",
          "reason",
          "requestId",
          "data");

  /** Takes the leaves that are the answer. */
  @FunctionalInterface
  private interface Taker {
    void take(EvidenceLeaf leaf) throws IOException;
  }

  private void forEach(Taker taker) throws IOException {
    leaves.forEach(
        bytes -> {
          EvidenceLeaf leaf = EvidenceLeaf.of(bytes);
          if (leaf.position() != issued.position() && question.asksFor(leaf.event())) {
            taker.take(leaf);
          }
        });
  }

  private Optional<Opening> opening(Optional<JsonNode> commitment) {
    return commitment
        .map(JsonNode::asText)
        .flatMap(hash -> Optional.ofNullable(openings.get(hash)).flatMap(o -> o.ifOpens(hash)));
  }

  private Map<String, String> row(EvidenceLeaf leaf) {
    JsonNode json = leaf.json();
    JsonNode data = json.get("data");
    Optional<Identity> actor = who(json, "actor");
    Optional<Origin> origin =
        opening(Optional.ofNullable(json.get("origin"))).flatMap(Opening::origin);
    JsonNode cause = json.get("cause");
    Map<String, String> row = new LinkedHashMap<>();
    row.put("position", json.get("position").asText());
    row.put("recordedAt", json.get("at").asText());
    row.put("type", json.get("type").asText());
    row.put("actor", actor.map(Identity::name).orElse("#" + json.get("actor").asText()));
    row.put("actorKind", actor.map(identity -> identity.kind().name()).orElse(""));
    row.put("issuer", actor.flatMap(Identity::issuer).orElse(""));
    row.put("address", origin.flatMap(Origin::address).orElse(""));
    row.put("agent", origin.flatMap(Origin::agent).orElse(""));
    row.put("credential", origin.flatMap(Origin::credential).orElse(""));
    row.put("repository", data.path("repository").asText());
    row.put("user", who(data, "user").map(Identity::name).orElse(data.path("user").asText()));
    row.put("cause", cause.path("kind").asText());
    row.put("causeDetail", cause.path("detail").asText());
    row.put("reason", cause.path("reason").asText());
    row.put("requestId", json.get("request").asText());
    row.put("data", new String(CanonicalJson.write(data), UTF_8));
    return row;
  }

  private Optional<Identity> who(JsonNode node, String field) {
    return opening(Optional.ofNullable(node.get(field))).flatMap(Opening::identity);
  }

  /** As comma-separated values. */
  void csv(OutputStream out) throws IOException {
    Writer text = writer(out);
    text.write(String.join(",", COLUMNS) + "\r\n");
    forEach(
        leaf -> {
          Iterator<String> cells = row(leaf).values().iterator();
          while (cells.hasNext()) {
            text.write(CsvCell.quoted(cells.next()));
            text.write(cells.hasNext() ? "," : "\r\n");
          }
        });
    text.flush();
  }

  /** As JSON, an event a line. */
  void json(OutputStream out) throws IOException {
    Writer text = writer(out);
    ObjectNode about = JsonNodeFactory.instance.objectNode();
    about.set("question", JSON.readTree(question.text()));
    about.put("position", Long.toString(issued.position()));
    about.put("at", issued.json().get("at").asText());
    about.put("log", checkpoint.origin());
    String head = new String(CanonicalJson.write(about), UTF_8);
    text.write(head.substring(0, head.length() - 1) + ",\"events\":[");
    String[] separator = {"\n"};
    forEach(
        leaf -> {
          ObjectNode event = JsonNodeFactory.instance.objectNode();
          row(leaf)
              .forEach(
                  (name, value) -> {
                    if (!value.isEmpty()) {
                      event.put(name, value);
                    }
                  });
          event.set("data", leaf.json().get("data"));
          text.write(separator[0] + new String(CanonicalJson.write(event), UTF_8));
          separator[0] = ",\n";
        });
    text.write("\n]");
    Optional<Map<Tag, EvidenceLeaf>> tags = tags();
    if (tags.isPresent()) {
      ObjectNode last = JsonNodeFactory.instance.objectNode();
      tags.get()
          .forEach(
              (tag, leaf) -> {
                ObjectNode state = last.putObject(tag.value());
                state.put("digest", leaf.json().get("data").get("digest").asText());
                state.put("position", Long.toString(leaf.position()));
              });
      text.write(",\"tags\":" + new String(CanonicalJson.write(last), UTF_8));
    }
    text.write("}\n");
    text.flush();
  }

  /** Where tags pointed at the end, if all that happened to them is here. */
  private Optional<Map<Tag, EvidenceLeaf>> tags() throws IOException {
    boolean whole =
        question.after() < 0
            && (question.about() == EvidenceQuestion.About.REPOSITORY
                || question.about() == EvidenceQuestion.About.TAG);
    if (!whole) {
      return Optional.empty();
    }
    Map<Tag, EvidenceLeaf> tags = new TreeMap<>();
    leaves.forEach(
        bytes -> {
          EvidenceLeaf leaf = EvidenceLeaf.of(bytes);
          if (leaf.position() <= question.through().orElse(issued.position())
              && leaf.event().event().place().equals(question.repository())) {
            switch (leaf.event().event()) {
              case Event.TagPointed pointed -> tags.put(pointed.tag(), leaf);
              case Event.TagDeleted deleted -> tags.remove(deleted.tag());
              case Event.ManifestRemoval gone ->
                  tags.values()
                      .removeIf(
                          tag ->
                              ((Event.TagPointed) tag.event().event())
                                  .digest()
                                  .equals(gone.digest()));
              default -> {}
            }
          }
        });
    question.tag().ifPresent(only -> tags.keySet().retainAll(Set.of(only)));
    return Optional.of(tags);
  }

  /** As a page to read and print. */
  void html(OutputStream out) throws IOException {
    Writer text = writer(out);
    write(new EvidenceReport(text));
    text.flush();
  }

  private void write(EvidenceReport report) throws IOException {
    long[] count = {0};
    forEach(_ -> count[0]++);
    report.begin(question, row(issued), checkpoint, count[0]);
    Optional<Map<Tag, EvidenceLeaf>> tags = tags();
    if (tags.isPresent()) {
      report.tags(tags.get());
    }
    report.events();
    forEach(leaf -> report.event(row(leaf), leaf.json().get("data")));
    report.end();
  }

  private static Writer writer(OutputStream out) {
    return new BufferedWriter(new OutputStreamWriter(out, UTF_8));
  }
}
