package dev.stele.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class RetentionPolicyTest {
  private static final String DOCUMENT =
      """
      {"delay": "24 h", "dry-run": true, "policies": [
        {"repositories": ["team/special", "other/*"], "delete-referrers": true},
        {"repositories": ["team/**"], "delete-untagged": true, "keep-tags": [
          {"patterns": ["^v[0-9]"], "most-recently-pushed-count": 3, "pulled-within": "30d"},
          {"most-recently-pulled-count": 2, "pushed-within": "90m"}]}]}
      """;

  private static RetentionPolicy read(String json) throws InvalidPolicyException {
    return PolicyDocument.read(json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void aDocumentSaysEverything() throws Exception {
    RetentionPolicy policy = read(DOCUMENT);
    assertThat(policy.delay()).isEqualTo(Duration.ofDays(1));
    assertThat(policy.dryRun()).isTrue();
    assertThat(policy.policies().get(1).rules())
        .isEqualTo(
            new RetentionPolicy.Rules(
                true,
                false,
                List.of(
                    new KeepTags(
                        List.of(TagPattern.parse("^v[0-9]")),
                        Optional.of(3),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of(Duration.ofDays(30))),
                    new KeepTags(
                        List.of(),
                        Optional.empty(),
                        Optional.of(2),
                        Optional.of(Duration.ofMinutes(90)),
                        Optional.empty()))));
  }

  /** These bytes are in people's logs: what they mean must never change. */
  @Test
  void theBytesOfADocumentAreFixed() throws Exception {
    byte[] bytes = PolicyDocument.write(read(DOCUMENT));
    assertThat(new String(bytes, StandardCharsets.UTF_8))
        .isEqualTo(
            """
            {"delay":"1d","dry-run":true,"policies":[\
            {"delete-referrers":true,"delete-untagged":false,"keep-tags":[],\
            "repositories":["team/special","other/*"]},\
            {"delete-referrers":false,"delete-untagged":true,"keep-tags":[\
            {"most-recently-pushed-count":3,"patterns":["^v[0-9]"],"pulled-within":"30d"},\
            {"most-recently-pulled-count":2,"pushed-within":"90m"}],\
            "repositories":["team/**"]}]}\
            """);
    assertThat(PolicyDocument.read(bytes)).isEqualTo(read(DOCUMENT));
    assertThat(PolicyDocument.read(bytes).digest()).isEqualTo(read(DOCUMENT).digest());
  }

  @Test
  @DisplayName("42: policies match repositories by glob, the first match wins")
  void theFirstMatchingPolicyWins() throws Exception {
    RetentionPolicy policy = read(DOCUMENT);
    assertThat(rules(policy, "team/special"))
        .hasValueSatisfying(r -> assertThat(r.deleteReferrers()).isTrue());
    assertThat(rules(policy, "team/api"))
        .hasValueSatisfying(r -> assertThat(r.deleteReferrers()).isFalse());
    assertThat(rules(policy, "team/a/b/c")).isPresent();
    assertThat(rules(policy, "other/a")).isPresent();
    assertThat(rules(policy, "other/a/b")).isEmpty();
    assertThat(rules(policy, "team")).isEmpty();
    assertThat(RetentionPolicy.NONE.of(RepositoryName.parse("team/api"))).isEmpty();
    assertThat(rules(read("{\"policies\":[{\"repositories\":[\"**\"]}]}"), "a/b")).isPresent();
  }

  private static Optional<RetentionPolicy.Rules> rules(RetentionPolicy policy, String repository) {
    return policy.of(RepositoryName.parse(repository));
  }

  @Test
  @DisplayName("43: a dry run lets nothing go, neither untagged manifests nor referrers")
  void aDryRunLetsNothingGo() throws Exception {
    RepositoryName special = RepositoryName.parse("team/special");
    RepositoryName api = RepositoryName.parse("team/api");
    RetentionPolicy dry = read(DOCUMENT);
    assertThat(dry.keepsUntagged(special, true)).isTrue();
    assertThat(dry.keepsUntagged(api, false)).isTrue();
    RetentionPolicy earnest = read(DOCUMENT.replace("true, \"policies", "false, \"policies"));
    assertThat(earnest.keepsUntagged(special, true)).isFalse();
    assertThat(earnest.keepsUntagged(api, true)).isTrue();
    assertThat(earnest.keepsUntagged(api, false)).isFalse();
    assertThat(earnest.keepsUntagged(special, false)).isTrue();
    assertThat(earnest.keepsUntagged(RepositoryName.parse("else"), false)).isTrue();
  }

  @Test
  void aTagPatternIsFoundAnywhereUnlessItIsTiedToTheEnds() {
    assertThat(TagPattern.parse("prod").matches(Tag.parse("my-prod-1"))).isTrue();
    assertThat(TagPattern.parse("^prod$").matches(Tag.parse("my-prod-1"))).isFalse();
    assertThat(TagPattern.parse("^prod$").matches(Tag.parse("prod"))).isTrue();
  }

  @Test
  void whatIsWrongIsSaidWithItsPlaceAndWhatIsAllowed() {
    refused("[]", "must have the keys delay, dry-run, policies, reason");
    refused(
        """
        {"dryrun":true,"reason":"","policies":[{"repositories":["a{"]},{"keep-tags":[{"patterns":["("]}]}]}
        """,
        "dryrun is not known",
        "reason must be a text of one line",
        "policies[0].repositories[0] is not a glob",
        "policies[1] needs repositories",
        "policies[1].keep-tags[0].patterns[0] is not a regular expression");
    refused("{", "not JSON");
    refused("{\"delay\":\"1d\",\"delay\":\"2d\"}", "Duplicate field");
    refused("{\"dryrun\":true}", "dryrun is not known", "dry-run");
    refused("{\"dry-run\":\"yes\"}", "dry-run must be true or false");
    refused("{\"delay\":30}", "delay must be a whole number with one of the units", "d");
    refused("{\"policies\":{}}", "policies must be a list");
    refused("{\"policies\":[{}]}", "policies[0] needs repositories");
    refused("{\"policies\":[{\"repositories\":[]}]}", "policies[0].repositories must not be empty");
    refused(
        "{\"policies\":[{\"repositories\":[\"a{\"]}]}",
        "policies[0].repositories[0] is not a glob");
    refusedEntry("{\"patterns\":[\"(\"]}", "keep-tags[0].patterns[0] is not a regular expression");
    refusedEntry("{\"patterns\":[]}", "keep-tags[0].patterns must not be empty");
    refusedEntry("{\"most-recently-pushed-count\":0}", "must be a whole number from 1 to");
    refusedEntry("{\"most-recently-pushed-count\":1.5}", "must be a whole number from 1 to");
    refusedEntry("{\"pushed-within\":\"0d\"}", "keep-tags[0].pushed-within must be 1ms at least");
    refusedEntry("{\"pulled-within\":\"30\"}", "keep-tags[0].pulled-within must be");
    refusedEntry("{\"pulled-for\":\"30d\"}", "keep-tags[0].pulled-for is not known", "patterns");
  }

  /** Compiled, a megabyte of small expressions with repetitions takes gigabytes. */
  @Test
  void whatIsTooMuchIsRefusedBeforeItIsCompiled() {
    String most = "\"(a?){499}b\",".repeat(50); // each just below 2000, written out
    assertThatCode(() -> read(entry("{\"patterns\":[" + most + "\"^v\"]}")))
        .doesNotThrowAnyException();
    refusedEntry(
        "{\"patterns\":[" + most + "\"(a?){499}b\"]}",
        "policies have too large patterns: at most 100000 characters together");
    refusedEntry(
        "{\"patterns\":[" + "\"a\",".repeat(1_000) + "\"a\"]}",
        "policies have more than 1000 globs and patterns together");
  }

  @Test
  void ofManyProblemsTheFirstAreTold() {
    assertThatExceptionOfType(InvalidPolicyException.class)
        .isThrownBy(() -> read("{\"policies\":[" + "0,".repeat(999) + "0]}"))
        .satisfies(
            e -> assertThat(e.problems()).hasSize(51).last().isEqualTo("and 1950 more problems"));
    assertThatExceptionOfType(InvalidPolicyException.class)
        .isThrownBy(() -> read("{\"delay\":\"" + "x".repeat(100_000) + "\"}"))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(600).endsWith("..."));
  }

  @Test
  void aListOfVeryManyEntriesIsRefusedAsAWhole() {
    refused(
        "{\"policies\":[" + "0,".repeat(500_000) + "0]}", "policies have more than 1000 entries");
  }

  private static String entry(String entry) {
    return "{\"policies\":[{\"repositories\":[\"a\"],\"keep-tags\":[" + entry + "]}]}";
  }

  private static void refusedEntry(String entry, String... messages) {
    refused(entry(entry), messages);
  }

  private static void refused(String json, String... messages) {
    assertThatExceptionOfType(InvalidPolicyException.class)
        .as(json)
        .isThrownBy(() -> read(json))
        .satisfies(e -> assertThat(e.getMessage()).contains(messages));
  }
}
