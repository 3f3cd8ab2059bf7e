package dev.stele.question;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.event.RobotName;
import dev.stele.history.Exposure;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.registry.Caller;
import dev.stele.registry.EventFilter;
import dev.stele.registry.NewHold;
import dev.stele.registry.PullRecording;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.Sessions;
import dev.stele.registry.TestClient;
import dev.stele.server.http.Access;
import dev.stele.server.http.PathPrefix;
import dev.stele.server.http.QueryString;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whoever follows the pages of any question, however small, gets the whole answer, once. */
class PagingTest {
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final RepositoryName OTHER = RepositoryName.parse("team/other");
  private static final byte[] BLOB = {1, 2, 3};
  private static final Digest LAYER = Digest.of(Digest.Algorithm.SHA256, BLOB);
  private static final int MOST_PAGES = 500;

  /** In a registry without a retention policy these have no rows. */
  private static final Set<String> EMPTY = Set.of("retention log", "retention verify");

  private static final String POLICY =
      """
      policies:
        - repositories: ["**"]
          keep-tags:
            - patterns: ["^v2$"]
      """;

  @TempDir private Path folder;

  /** Fills the braces of an address, and what else is asked. */
  private record Asking(Map<String, String> path, String query, String body) {
    private static Asking of(Map<String, String> path, String query) {
      return new Asking(path, query, "");
    }

    private Asked limited(int limit) {
      return new Asked(
          path,
          QueryString.parse(query + (query.isEmpty() ? "" : "&") + "limit=" + limit),
          body,
          Access.FULL,
          PathPrefix.NONE);
    }
  }

  @Test
  void pagesOfAnySizeAreTheWholeAnswer() throws IOException {
    try (RegistryFixture fixture =
        RegistryFixture.onDisk(folder, RegistryOptions.DEFAULT.withPulls(PullRecording.EVERY))) {
      Registry registry = fixture.registry();
      Digest subject = fill(registry);
      new Exposure(registry).now();
      registry.log().index();
      Questions questions = new Questions(registry);
      List<Question<?>> paged =
          questions.all().stream()
              .filter(question -> question.list() && question.parameters().contains("limit"))
              .toList();
      assertThat(paged).hasSizeGreaterThan(15);
      int last = registry.log().events(-1, 1_000, EventFilter.ALL).size() - 1;
      for (Question<?> question : paged) {
        compare(question, asking(question.name(), subject, last));
      }
    }
  }

  private static Asking asking(String question, Digest subject, int last) {
    Map<String, String> app = Map.of("name", APP.value());
    String until = "&to=p" + last;
    return switch (question) {
      case "digest" -> Asking.of(Map.of("digest", LAYER.toString()), "");
      case "digest --tags" -> Asking.of(Map.of(), "digest=" + subject);
      case "exposure", "exposure --manifests", "exposure --pulls" ->
          Asking.of(Map.of(), "digest=" + LAYER);
      case "hold list" -> Asking.of(Map.of(), "state=all");
      case "tags", "manifests" -> Asking.of(app, "");
      case "tag-history" -> Asking.of(Map.of("name", APP.value(), "tag", "prod"), "");
      case "referrers" -> Asking.of(Map.of("name", APP.value(), "digest", subject.toString()), "");
      case "diff", "pullable" -> Asking.of(app, "from=p0" + until);
      case "retention preview" -> new Asking(Map.of(), "all=true&at=p" + last, POLICY);
      case "retention preview of a repository" -> new Asking(app, "at=p" + last, POLICY);
      case "retention replay" -> new Asking(Map.of(), "all=true&from=p0" + until, POLICY);
      case "retention replay of a repository" ->
          new Asking(app, "all=true&from=p0" + until, POLICY);
      default -> Asking.of(Map.of(), "");
    };
  }

  private static <R> void compare(Question<R> question, Asking asking) {
    List<R> whole = walk(question, asking, 1_000);
    if (!EMPTY.contains(question.name())) {
      assertThat(whole).as("rows of %s", question.name()).hasSizeGreaterThan(1);
    }
    for (int limit : new int[] {1, 2, 3}) {
      assertThat(walk(question, asking, limit))
          .as("%s in pages of %d", question.name(), limit)
          .isEqualTo(whole);
    }
  }

  private static <R> List<R> walk(Question<R> question, Asking asking, int limit) {
    List<R> rows = new ArrayList<>();
    Asked asked = asking.limited(limit);
    for (int page = 0; page < MOST_PAGES; page++) {
      Answer<R> answer = question.ask(asked);
      rows.addAll(answer.rows());
      if (question.next(asked, answer).isEmpty()) {
        return rows;
      }
      asked = question.following(asked, answer);
    }
    throw new AssertionError(
        "%s in pages of %d has no end: %s".formatted(question.name(), limit, asked.query()));
  }

  /** Something of everything; returns a manifest with tags and referrers. */
  private static Digest fill(Registry registry) throws IOException {
    List<Digest> images = new ArrayList<>();
    for (RepositoryName repository : List.of(APP, OTHER)) {
      TestClient.upload(registry, repository, BLOB);
      for (int number = 1; number <= 3; number++) {
        Tag tag = Tag.parse("v" + number);
        images.add(put(registry, repository, number, Optional.empty(), tag, Tag.parse("prod")));
      }
    }
    Digest subject = images.getFirst();
    for (int number = 4; number <= 6; number++) {
      put(registry, APP, number, Optional.of(subject));
    }
    for (int number = 0; number < 3; number++) {
      registry
          .pulls()
          .recordManifest(
              ALICE, APP, images.get(number), Optional.of(Tag.parse("v" + (number + 1))));
      registry.pulls().recordManifest(ALICE, OTHER, images.get(number), Optional.empty());
      NewHold hold =
          new NewHold(
              UUID.randomUUID(),
              new HoldScope(
                  RepositoryGlob.parse("case" + number), Optional.empty(), Optional.empty()),
              false,
              "case");
      ok(registry.holds().place(ALICE, hold));
      for (int person = 0; person < number; person++) {
        ok(registry.holds().release(new Caller("person" + person, "r"), hold.id(), 9, "over"));
      }
      RobotName robot = RobotName.parse("robot-" + number);
      ok(registry.robots().create(ALICE, robot, Optional.empty(), Optional.empty()));
      ok(registry.robots().issueKey(ALICE, robot, Optional.empty()));
      Sessions.Begun _ = registry.sessions().begin(ALICE, List.of(), Duration.ofHours(1));
    }
    put(registry, APP, 1, Optional.empty(), Tag.parse("prod"));
    for (String name : List.of("bob", "carol")) {
      registry.initialise(new Caller(name, "r"), RepositoryName.parse("team/" + name));
    }
    return subject;
  }

  private static Digest put(
      Registry registry,
      RepositoryName repository,
      int number,
      Optional<Digest> subject,
      Tag... tags) {
    TestManifest manifest =
        TestManifest.of(MediaTypes.OCI_ARTIFACT)
            .list("blobs", "a/b", LAYER)
            .annotation("n", "" + number);
    subject.ifPresent(digest -> manifest.subject(MediaTypes.OCI_ARTIFACT, digest));
    return TestClient.put(registry, repository, manifest, tags);
  }
}
