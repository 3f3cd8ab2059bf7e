package dev.stele.policy;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.stele.event.CanonicalJson;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The written form of a retention policy: the same keys in JSON, which the record keeps, as in the
 * configuration's YAML.
 *
 * <pre>{@code
 * {"delay":"7d","dry-run":false,"policies":[
 *   {"repositories":["team/**"],"delete-referrers":false,"delete-untagged":true,"keep-tags":[
 *     {"patterns":["^v"],"most-recently-pushed-count":10,"pulled-within":"30d"}]}]}
 * }</pre>
 *
 * <p>Every key but {@code repositories} may be left out; {@code reason} says why the policy is what
 * it is. Unknown keys and bad values are refused. What is written is canonical: one policy always
 * has the same bytes. Stateless and thread-safe.
 */
public final class PolicyDocument {
  public static final String MEDIA_TYPE = "application/vnd.stele.retention-policy.v1+json";

  /** Each tag is matched with those of its policy. */
  private static final int MOST_PATTERNS = 1000;

  /** How large all expressions may be together, written out: compiled they take memory. */
  private static final int LARGEST = 100_000;

  private static final int HIGHEST_COUNT = 1_000_000_000;

  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private PolicyDocument() {}

  /**
   * Reads JSON.
   *
   * @throws InvalidPolicyException if it is not a policy
   */
  public static RetentionPolicy read(byte[] document) throws InvalidPolicyException {
    try {
      return read(JSON.readTree(document));
    } catch (IOException e) {
      throw new InvalidPolicyException("", "not JSON: " + e.getMessage());
    }
  }

  /**
   * Reads a tree, which may come from another notation than JSON, so that numbers and truth values
   * may also be texts.
   *
   * @throws InvalidPolicyException if it is not a policy, with all that is wrong with it
   */
  public static RetentionPolicy read(JsonNode document) throws InvalidPolicyException {
    requireBounded(document);
    Problems problems = new Problems();
    Section root =
        Section.of("", document, Set.of("delay", "dry-run", "policies", "reason"), problems);
    List<RetentionPolicy.Policy> policies = new ArrayList<>();
    for (Item item : root.list("policies")) {
      policies.add(policy(item, problems));
    }
    RetentionPolicy policy =
        new RetentionPolicy(
            root.duration("delay", Duration.ZERO).orElse(RetentionPolicy.DEFAULT_DELAY),
            root.truth("dry-run"),
            policies,
            root.text("reason", RetentionPolicy::checkReason));
    problems.throwIfAny();
    return policy;
  }

  /** Before any of them is compiled, wherever they stand. */
  private static void requireBounded(JsonNode document) throws InvalidPolicyException {
    List<JsonNode> expressions = document.findValues("patterns");
    long entries = sizes(document.findValues("policies")) + sizes(document.findValues("keep-tags"));
    if (entries > MOST_PATTERNS) {
      throw new InvalidPolicyException(
          "policies", "have more than " + MOST_PATTERNS + " entries together");
    }
    if (sizes(document.findValues("repositories")) + sizes(expressions) > MOST_PATTERNS) {
      throw new InvalidPolicyException(
          "policies", "have more than " + MOST_PATTERNS + " globs and patterns together");
    }
    long size =
        expressions.stream()
            .flatMap(JsonNode::valueStream)
            .mapToLong(expression -> ExpressionSize.of(expression.asText()))
            .sum();
    if (size > LARGEST) {
      throw new InvalidPolicyException(
          "policies",
          "have too large patterns: at most %d characters together, with repetitions such as a{9} written out"
              .formatted(LARGEST));
    }
  }

  private static long sizes(List<JsonNode> lists) {
    return lists.stream().mapToLong(JsonNode::size).sum();
  }

  private static RetentionPolicy.Policy policy(Item item, Problems problems) {
    Section section =
        Section.of(
            item.path(),
            item.node(),
            Set.of("repositories", "delete-referrers", "delete-untagged", "keep-tags"),
            problems);
    List<RepositoryGlob> repositories = section.texts("repositories", RepositoryGlob::parse);
    if (!section.has("repositories")) {
      problems.add(item.path() + " needs repositories: a list of globs, such as [team/**]");
    }
    List<KeepTags> keepTags = new ArrayList<>();
    for (Item entry : section.list("keep-tags")) {
      keepTags.add(keepTags(entry, problems));
    }
    return new RetentionPolicy.Policy(
        repositories,
        new RetentionPolicy.Rules(
            section.truth("delete-untagged"), section.truth("delete-referrers"), keepTags));
  }

  private static KeepTags keepTags(Item item, Problems problems) {
    Section section =
        Section.of(
            item.path(),
            item.node(),
            Set.of(
                "patterns",
                "most-recently-pushed-count",
                "most-recently-pulled-count",
                "pushed-within",
                "pulled-within"),
            problems);
    Duration shortest = Duration.ofMillis(1);
    return new KeepTags(
        section.texts("patterns", TagPattern::parse),
        section.count("most-recently-pushed-count", HIGHEST_COUNT),
        section.count("most-recently-pulled-count", HIGHEST_COUNT),
        section.duration("pushed-within", shortest),
        section.duration("pulled-within", shortest));
  }

  /** The canonical bytes of a policy. */
  public static byte[] write(RetentionPolicy policy) {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    root.put("delay", Durations.format(policy.delay()));
    root.put("dry-run", policy.dryRun());
    policy.reason().ifPresent(reason -> root.put("reason", reason));
    ArrayNode policies = root.putArray("policies");
    for (RetentionPolicy.Policy each : policy.policies()) {
      ObjectNode node = policies.addObject();
      write(node, "repositories", each.repositories());
      node.put("delete-referrers", each.rules().deleteReferrers());
      node.put("delete-untagged", each.rules().deleteUntagged());
      ArrayNode entries = node.putArray("keep-tags");
      each.rules().keepTags().forEach(entry -> write(entries.addObject(), entry));
    }
    return CanonicalJson.write(root);
  }

  private static void write(ObjectNode node, KeepTags entry) {
    if (!entry.patterns().isEmpty()) {
      write(node, "patterns", entry.patterns());
    }
    entry.mostRecentlyPushedCount().ifPresent(n -> node.put("most-recently-pushed-count", n));
    entry.mostRecentlyPulledCount().ifPresent(n -> node.put("most-recently-pulled-count", n));
    write(node, "pushed-within", entry.pushedWithin());
    write(node, "pulled-within", entry.pulledWithin());
  }

  private static void write(ObjectNode node, String key, Optional<Duration> duration) {
    duration.ifPresent(value -> node.put(key, Durations.format(value)));
  }

  private static void write(ObjectNode node, String key, Collection<?> texts) {
    ArrayNode array = node.putArray(key);
    texts.forEach(text -> array.add(text.toString()));
  }
}
