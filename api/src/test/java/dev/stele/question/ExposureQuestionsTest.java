package dev.stele.question;

import static dev.stele.registry.TestClient.ALICE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.LIST;

import dev.stele.history.Exposure;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.TestManifest;
import dev.stele.registry.PullRecording;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.registry.TestClient;
import dev.stele.server.http.Access;
import dev.stele.server.http.PathPrefix;
import dev.stele.server.http.QueryString;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExposureQuestionsTest {
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final int MANIFESTS = 620;
  private static final byte[] BLOB = {1, 2, 3};
  private static final Digest LAYER = Digest.of(Digest.Algorithm.SHA256, BLOB);

  /**
   * Something that very much has in it, such as the empty config, and that hardly anybody pulled.
   */
  @Test
  void aPageEndsAlsoWhereFewOfManyManifestsHaveRows(@TempDir Path folder) throws Exception {
    try (RegistryFixture fixture =
        RegistryFixture.onDisk(folder, RegistryOptions.DEFAULT.withPulls(PullRecording.EVERY))) {
      Registry registry = fixture.registry();
      Digest last = manifestsWithLayer(registry, MANIFESTS).getLast();
      registry.pulls().recordManifest(ALICE, APP, last, Optional.empty());
      new Exposure(registry).now();

      List<List<ExposureQuestions.PullRow>> pages = pulls(registry, 5);
      assertThat(pages).hasSize(2);
      assertThat(pages.getFirst()).isEmpty();
      assertThat(pages.getLast())
          .singleElement()
          .satisfies(row -> assertThat(row.digest()).isEqualTo(last));
    }
  }

  @Test
  void afterAPageThatIsJustFullNoEmptyOneFollows(@TempDir Path folder) throws Exception {
    try (RegistryFixture fixture =
        RegistryFixture.onDisk(folder, RegistryOptions.DEFAULT.withPulls(PullRecording.EVERY))) {
      Registry registry = fixture.registry();
      for (Digest pulled : manifestsWithLayer(registry, 3).subList(0, 2)) {
        registry.pulls().recordManifest(ALICE, APP, pulled, Optional.empty());
      }
      new Exposure(registry).now();
      assertThat(pulls(registry, 2)).singleElement().asInstanceOf(LIST).hasSize(2);
      assertThat(pulls(registry, 1)).hasSize(2);
    }
  }

  /** Pushes as many, and answers them in the order in which exposure tells of them. */
  private static List<Digest> manifestsWithLayer(Registry registry, int count) throws Exception {
    TestClient.upload(registry, APP, BLOB);
    List<Digest> manifests = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      TestManifest manifest =
          TestManifest.of(MediaTypes.OCI_ARTIFACT)
              .list("blobs", "a/b", LAYER)
              .annotation("n", "" + n);
      manifests.add(TestClient.put(registry, APP, manifest));
    }
    manifests.sort(Comparator.comparing(Digest::toString));
    return manifests;
  }

  @SuppressWarnings("unchecked") // the question of that name has such rows
  private static List<List<ExposureQuestions.PullRow>> pulls(Registry registry, int limit) {
    Question<ExposureQuestions.PullRow> question =
        (Question<ExposureQuestions.PullRow>) new Questions(registry).named("exposure --pulls");
    List<List<ExposureQuestions.PullRow>> pages = new ArrayList<>();
    Asked asked =
        new Asked(
            Map.of(),
            QueryString.parse("limit=" + limit + "&digest=" + LAYER),
            "",
            Access.FULL,
            PathPrefix.NONE);
    while (true) {
      Answer<ExposureQuestions.PullRow> answer = question.ask(asked);
      pages.add(answer.rows());
      if (question.next(asked, answer).isEmpty()) {
        return pages;
      }
      asked = question.following(asked, answer);
    }
  }
}
