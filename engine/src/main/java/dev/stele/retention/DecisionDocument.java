package dev.stele.retention;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.event.CanonicalJson;
import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import dev.stele.projection.RecordDocuments;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;

/**
 * The decisions of an evaluation as the record keeps them, in canonical JSON: a document that lists
 * pages by digest, in the order of the tags.
 *
 * <pre>{@code
 * {"pages":["sha256:...", ...]}
 * {"decisions":[
 *   {"digest":"sha256:...","entry":0,"put":"17","rule":"pushed-within","tag":"v1","verdict":"kept"},
 *   {"digest":"sha256:...","entry":0,"pulled":"12","put":"9","tag":"v0","verdict":"expired"}, ...]}
 * }</pre>
 *
 * <p>A page ends after a tag whose hash says so, about one in {@value #MEAN_PAGE}, so that another
 * evaluation of the same repository has most pages in common with this one, and the record keeps
 * them once. What is written depends on the decisions alone. Used by one thread at a time.
 */
final class DecisionDocument {
  static final String MEDIA_TYPE = "application/vnd.stele.retention-decisions.v1+json";
  static final String PAGE_MEDIA_TYPE = "application/vnd.stele.retention-decisions-page.v1+json";

  /** A power of two. */
  static final int MEAN_PAGE = 256;

  /** So that nobody can name tags in a way that makes a page large. */
  static final int LARGEST_PAGE = 4096;

  private static final ObjectMapper JSON = JsonMapper.builder().build();

  private final Consumer<RecordDocuments.Document> sink;
  private final List<Digest> pages = new ArrayList<>();
  private ArrayNode page = JsonNodeFactory.instance.arrayNode();

  /**
   * Begins to write.
   *
   * @param sink gets each page as soon as it is full, and the list of pages last
   */
  DecisionDocument(Consumer<RecordDocuments.Document> sink) {
    this.sink = sink;
  }

  /** Adds a decision; tags come in byte order. */
  void add(TagDecision decision) {
    page.add(json(decision));
    if (endsPage(decision.tag()) || page.size() == LARGEST_PAGE) {
      endPage();
    }
  }

  /** The low bits of String's hash are those of the last character alone, so all are mixed in. */
  private static boolean endsPage(Tag tag) {
    int hash = tag.value().hashCode() * 0x9E3779B1;
    return (hash >>> 16) % MEAN_PAGE == 0;
  }

  private void endPage() {
    ObjectNode document = JsonNodeFactory.instance.objectNode();
    document.set("decisions", page);
    pages.add(hand(PAGE_MEDIA_TYPE, document));
    page = JsonNodeFactory.instance.arrayNode();
  }

  private Digest hand(String mediaType, JsonNode json) {
    RecordDocuments.Document document =
        new RecordDocuments.Document(mediaType, CanonicalJson.write(json));
    sink.accept(document);
    return document.digest();
  }

  /** Writes the rest; returns the digest by which an event names the decisions. */
  Digest finish() {
    if (!page.isEmpty()) {
      endPage();
    }
    ObjectNode document = JsonNodeFactory.instance.objectNode();
    ArrayNode list = document.putArray("pages");
    pages.forEach(digest -> list.add(digest.toString()));
    return hand(MEDIA_TYPE, document);
  }

  private static ObjectNode json(TagDecision decision) {
    ObjectNode json = JsonNodeFactory.instance.objectNode();
    json.put("tag", decision.tag().value());
    json.put("digest", decision.digest().toString());
    json.put("put", Long.toString(decision.put()));
    decision.pulled().ifPresent(position -> json.put("pulled", Long.toString(position)));
    switch (decision.verdict()) {
      case Verdict.Unruled _ -> json.put("verdict", "unruled");
      case Verdict.Kept(int entry, Verdict.Rule rule) ->
          json.put("verdict", "kept").put("entry", entry).put("rule", rule.key());
      case Verdict.Expired(int entry) -> json.put("verdict", "expired").put("entry", entry);
      case Verdict.Unclaimed _ -> json.put("verdict", "unclaimed");
      case Verdict.Follows(String image, boolean stays) ->
          json.put("verdict", "follows").put("image", image).put("stays", stays);
      case Verdict.Held(UUID hold) -> json.put("verdict", "held").put("hold", hold.toString());
    }
    return json;
  }

  /** The digests of the pages that a document lists. */
  static List<Digest> pages(byte[] document) {
    List<Digest> digests = new ArrayList<>();
    tree(document).required("pages").forEach(digest -> digests.add(Digest.parse(digest.asText())));
    return digests;
  }

  /** The decisions of a page. */
  static List<TagDecision> decisions(byte[] page) {
    List<TagDecision> decisions = new ArrayList<>();
    for (JsonNode json : tree(page).required("decisions")) {
      decisions.add(
          new TagDecision(
              Tag.parse(json.required("tag").asText()),
              Digest.parse(json.required("digest").asText()),
              Long.parseLong(json.required("put").asText()),
              Optional.ofNullable(json.get("pulled")).map(node -> Long.valueOf(node.asText())),
              verdict(json)));
    }
    return decisions;
  }

  private static Verdict verdict(JsonNode json) {
    String verdict = json.required("verdict").asText();
    return switch (verdict) {
      case "unruled" -> new Verdict.Unruled();
      case "kept" -> new Verdict.Kept(json.required("entry").asInt(), rule(json.required("rule")));
      case "expired" -> new Verdict.Expired(json.required("entry").asInt());
      case "unclaimed" -> new Verdict.Unclaimed();
      case "follows" ->
          new Verdict.Follows(json.required("image").asText(), json.required("stays").asBoolean());
      case "held" -> new Verdict.Held(UUID.fromString(json.required("hold").asText()));
      default -> throw new IllegalStateException("an unknown verdict: " + verdict);
    };
  }

  private static Verdict.Rule rule(JsonNode json) {
    for (Verdict.Rule rule : Verdict.Rule.values()) {
      if (rule.key().equals(json.asText())) {
        return rule;
      }
    }
    throw new IllegalStateException("an unknown rule: " + json.asText());
  }

  private static JsonNode tree(byte[] document) {
    try {
      return JSON.readTree(document);
    } catch (IOException e) {
      throw new IllegalStateException("a document of decisions cannot be read", e);
    }
  }
}
