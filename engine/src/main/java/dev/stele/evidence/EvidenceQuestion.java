package dev.stele.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.event.CanonicalJson;
import dev.stele.event.Event;
import dev.stele.event.Facets;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What evidence is asked for.
 *
 * @param repository the one that it is about; empty for a digest and for the log
 * @param tag of the repository, for a tag
 * @param digest for a digest
 * @param from as whoever asked wrote it; only for people
 * @param to likewise
 * @param after only events after this position; -1 for all from the start
 * @param through only events up to this position, itself included; empty for all until the evidence
 *     was given
 * @param pseudonymous whether the names of who acted, and where they were, are left out
 */
public record EvidenceQuestion(
    About about,
    Optional<RepositoryName> repository,
    Optional<Tag> tag,
    Optional<Digest> digest,
    Optional<String> from,
    Optional<String> to,
    long after,
    OptionalLong through,
    boolean pseudonymous) {
  private static final JsonMapper JSON = new JsonMapper();

  /** What it may be about. The names are part of the record: never rename one. */
  public enum About {
    /** Everything that happened in a repository. */
    REPOSITORY,
    /** What happened to a tag. */
    TAG,
    /** What speaks of a digest, wherever that is. */
    DIGEST,
    /** Everything. */
    LOG
  }

  public EvidenceQuestion {
    if (repository.isPresent() != (about == About.REPOSITORY || about == About.TAG)
        || tag.isPresent() != (about == About.TAG)
        || digest.isPresent() != (about == About.DIGEST)) {
      throw new IllegalArgumentException("evidence is about one thing");
    }
  }

  /** As events have it. */
  public String text() {
    ObjectNode node = JsonNodeFactory.instance.objectNode();
    node.put("about", about.name().toLowerCase(Locale.ROOT));
    repository.ifPresent(name -> node.put("repository", name.value()));
    tag.ifPresent(name -> node.put("tag", name.value()));
    digest.ifPresent(which -> node.put("digest", which.toString()));
    from.ifPresent(moment -> node.put("from", moment));
    to.ifPresent(moment -> node.put("to", moment));
    node.put("after", Long.toString(after));
    through.ifPresent(position -> node.put("through", Long.toString(position)));
    node.put("pseudonymous", pseudonymous);
    return new String(CanonicalJson.write(node), UTF_8);
  }

  /**
   * Reads one, as events have it.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static EvidenceQuestion parse(String text) {
    JsonNode node;
    try {
      node = JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a question for evidence is JSON: " + text, e);
    }
    return new EvidenceQuestion(
        About.valueOf(node.path("about").asText().toUpperCase(Locale.ROOT)),
        field(node, "repository").map(RepositoryName::parse),
        field(node, "tag").map(Tag::parse),
        field(node, "digest").map(Digest::parse),
        field(node, "from"),
        field(node, "to"),
        Long.parseLong(node.path("after").asText()),
        field(node, "through")
            .map(position -> OptionalLong.of(Long.parseLong(position)))
            .orElse(OptionalLong.empty()),
        node.path("pseudonymous").asBoolean());
  }

  private static Optional<String> field(JsonNode node, String name) {
    return Optional.ofNullable(node.get(name)).map(JsonNode::asText);
  }

  /** Whether the answer is to have the event. */
  boolean asksFor(RecordedEvent event) {
    return event.position() > after
        && event.position() <= through.orElse(Long.MAX_VALUE)
        && switch (about) {
          case LOG -> true;
          case REPOSITORY -> event.event().place().equals(repository);
          case TAG ->
              event.event().place().equals(repository)
                  && (Facets.of(event).contains(Facets.tag(tag.orElseThrow()))
                      || concernsAllTags(event.event()));
          case DIGEST -> Facets.of(event).contains(Facets.digest(digest.orElseThrow()));
        };
  }

  /** Holds of the repository or of a manifest there, and who approved of their end. */
  private static boolean concernsAllTags(Event event) {
    return switch (event) {
      case Event.HoldPlaced hold -> hold.tag().isEmpty();
      case Event.HoldReleased hold -> hold.tag().isEmpty();
      case Event.ApprovalGiven _, Event.ApprovalWithdrawn _, Event.ApprovalsUsed _ -> true;
      default -> false;
    };
  }

  /** What it is about, for people. */
  public String subject() {
    return switch (about) {
      case LOG -> "the whole registry";
      case REPOSITORY -> "repository " + repository.orElseThrow();
      case TAG -> "tag " + repository.orElseThrow() + ":" + tag.orElseThrow();
      case DIGEST -> "digest " + digest.orElseThrow();
    };
  }

  /** Of when, for people. */
  public String interval() {
    String begin =
        after < 0
            ? "from the first event" + from.map(" (from %s)"::formatted).orElse("")
            : "after position " + after + from.map(" (from %s)"::formatted).orElse("");
    return through.isEmpty()
        ? begin + " until this evidence was given"
        : begin
            + " up to position "
            + through.getAsLong()
            + to.map(" (to %s)"::formatted).orElse("");
  }
}
