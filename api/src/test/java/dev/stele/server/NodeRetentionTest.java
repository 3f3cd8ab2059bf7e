package dev.stele.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.stele.database.TestDatabase;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.RetentionPolicy;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.Registry;
import dev.stele.registry.TestClient;
import dev.stele.retention.Retention;
import dev.stele.server.config.Configuration;
import dev.stele.server.config.ConfigurationException;
import dev.stele.server.config.ConfigurationReader;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node does about retention when it starts, and what it sees of pulls. */
class NodeRetentionTest {
  private static final String KEEP_ONE =
      """
      retention:
        policies:
          - repositories: ["**"]
            keep-tags:
              - most-recently-pushed-count: 1
      """;

  private static final RepositoryName REPOSITORY = RepositoryName.parse("app");

  @TempDir private Path folder;
  private TestDatabase database;

  @BeforeEach
  void createDatabase() {
    database = TestDatabase.create();
  }

  @AfterEach
  void dropDatabase() {
    database.close();
  }

  /** Without background work, so that a test says when something is evaluated. */
  private Configuration configuration(String yaml) throws ConfigurationException, IOException {
    return configuration(yaml, "false");
  }

  private Configuration configuration(String yaml, String background)
      throws ConfigurationException, IOException {
    Path file = Files.writeString(folder.resolve("stele.yaml"), yaml);
    return ConfigurationReader.read(
        Optional.of(file),
        Map.of(
            "STELE_DATA", folder.resolve("data").toString(),
            "STELE_DATABASE_URL", database.url(),
            "STELE_DATABASE_USER", database.user(),
            "STELE_DATABASE_PASSWORD", database.password(),
            "STELE_GC_ENABLED", background,
            "STELE_GC_INTERVAL", "100ms"));
  }

  private static List<EventEntry> events(Registry registry, String type) {
    return registry.log().events(-1, 1000, new EventFilter(Optional.empty(), Optional.of(type)));
  }

  private static Digest put(Registry registry, String tag) {
    return TestClient.push(registry, REPOSITORY, Tag.parse(tag), TestManifest.emptyIndex(tag));
  }

  @Test
  void aNodeThatServesAdoptsWhatIsConfiguredOnceAlsoIfThatIsNothing() throws Exception {
    Configuration nothing = configuration("");
    Configuration keepOne = configuration(KEEP_ONE);
    try (Node node = Node.serve(nothing)) {
      assertThat(events(node.registry(), "RetentionPolicyAdopted")).isEmpty();
    }
    for (int start = 0; start < 2; start++) {
      try (Node node = Node.serve(keepOne)) {
        assertThat(events(node.registry(), "RetentionPolicyAdopted")).hasSize(1);
        assertThat(node.engine().retention().inForce()).isEqualTo(keepOne.retention());
      }
    }
    try (Node node = Node.open(nothing)) {
      assertThat(node.engine().retention().inForce())
          .as("who only looks changes nothing")
          .isEqualTo(keepOne.retention());
    }
    try (Node node = Node.serve(nothing)) {
      assertThat(events(node.registry(), "RetentionPolicyAdopted")).hasSize(2);
      assertThat(node.engine().retention().inForce()).isEqualTo(RetentionPolicy.NONE);
    }
  }

  @Test
  void aNodeThatServesRecordsWhoMayDoWhatOnceAlsoIfThatIsEverybody() throws Exception {
    Configuration nothing = configuration("");
    Configuration maryMay =
        configuration(
            """
            access:
              rules:
                - {repositories: ["team/**"], users: [mary], may: [pull, push]}
            """);
    try (Node node = Node.serve(nothing)) {
      assertThat(events(node.registry(), "AccessPolicyAdopted")).isEmpty();
    }
    for (int start = 0; start < 2; start++) {
      try (Node node = Node.serve(maryMay)) {
        List<EventEntry> adopted = events(node.registry(), "AccessPolicyAdopted");
        assertThat(adopted).hasSize(1);
        assertThat(adopted.getFirst().actor()).contains("stele:configuration");
        assertThat(adopted.getFirst().data().get("policy").asText())
            .isEqualTo(
                Digest.of(Digest.Algorithm.SHA256, maryMay.access().orElseThrow().document())
                    .toString());
        node.reload(maryMay);
        assertThat(events(node.registry(), "AccessPolicyAdopted")).hasSize(1);
      }
    }
    try (Node node = Node.serve(maryMay)) {
      node.reload(nothing);
      assertThat(events(node.registry(), "AccessPolicyAdopted")).hasSize(2);
    }
  }

  @Test
  void whatIsConfiguredIsCarriedOutAcrossRestarts() throws Exception {
    try (Node node = Node.serve(configuration(""))) {
      put(node.registry(), "v1");
      put(node.registry(), "v2");
      assertThat(node.engine().retention().run().evaluated()).isZero();
    }
    try (Node node = Node.serve(configuration(KEEP_ONE))) {
      assertThat(node.engine().retention().run()).isEqualTo(new Retention.Summary(1, 1, 1, 1, 0));
      put(node.registry(), "v3");
    }
    try (Node node = Node.serve(configuration(KEEP_ONE + "  dry-run: true\n"))) {
      assertThat(node.engine().retention().run()).isEqualTo(new Retention.Summary(1, 1, 1, 0, 0));
      assertThat(events(node.registry(), "RetentionEvaluated")).hasSize(2);
      assertThat(events(node.registry(), "TagDeleted")).hasSize(1);
    }
  }

  @Test
  void theNodeThatLeadsKeepsToThePolicyByItself() throws Exception {
    try (Node node = Node.serve(configuration(KEEP_ONE, "true"))) {
      put(node.registry(), "v1");
      put(node.registry(), "v2");
      long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
      while (events(node.registry(), "TagDeleted").isEmpty() && System.nanoTime() < deadline) {
        Thread.sleep(50);
      }
      assertThat(
              node.registry()
                  .tags(REPOSITORY, Optional.empty(), 10)
                  .orElseThrow(refusal -> new AssertionError(refusal))
                  .items())
          .containsExactly(Tag.parse("v2"));
    }
  }

  @Test
  void aGetOfAManifestIsAPullAndAHeadIsNot() throws Exception {
    Configuration configuration = configuration("listen: 127.0.0.1:0\n");
    Digest digest;
    try (Node node = Node.serve(configuration);
        SteleServer server =
            SteleServer.start(node.engine(), node.meters(), ServerSettings.of(configuration))) {
      digest = put(node.registry(), "v1");
      String manifests = "http://127.0.0.1:" + server.port() + "/v2/app/manifests/";
      try (HttpClient client = HttpClient.newHttpClient()) {
        for (String[] request :
            new String[][] {
              {"HEAD", "v1"},
              {"GET", "v1"},
              {"GET", "v1"},
              {"HEAD", digest.toString()},
              {"GET", digest.toString()},
              {"GET", "unknown"}
            }) {
          client.send(
              HttpRequest.newBuilder(URI.create(manifests + request[1]))
                  .method(request[0], HttpRequest.BodyPublishers.noBody())
                  .build(),
              BodyHandlers.discarding());
        }
      }
    }
    try (Node node = Node.open(configuration)) {
      assertThat(events(node.registry(), "PullsObserved"))
          .extracting(
              event -> event.data().path("tag").asText(),
              event -> event.data().path("count").asText())
          .containsExactlyInAnyOrder(tuple("v1", "2"), tuple("", "1"));
    }
  }
}
