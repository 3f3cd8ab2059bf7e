package dev.stele.question;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.DiskBlobStore;
import dev.stele.history.Exposure;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.Caller;
import dev.stele.registry.Outcome;
import dev.stele.registry.PullRecording;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.server.http.QueryString;
import java.io.ByteArrayInputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExposureQuestionsTest {
  private static final Caller ALICE = new Caller("alice", "r");
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final int MANIFESTS = 620;

  /**
   * Something that very much has in it, such as the empty config, and that hardly anybody pulled.
   */
  @Test
  void aPageEndsAlsoWhereFewOfManyManifestsHaveRows(@TempDir Path folder) throws Exception {
    try (DiskBlobStore store = new DiskBlobStore(folder);
        RegistryFixture fixture =
            new RegistryFixture(store, RegistryOptions.DEFAULT.withPulls(PullRecording.EVERY))) {
      Registry registry = fixture.registry();
      byte[] blob = {1, 2, 3};
      Digest layer = Digest.of(Digest.Algorithm.SHA256, blob);
      assertThat(
              registry.putBlob(
                  ALICE, APP, layer, OptionalLong.of(3), new ByteArrayInputStream(blob)))
          .isInstanceOf(Outcome.Ok.class);
      List<Digest> manifests = new ArrayList<>();
      for (int n = 0; n < MANIFESTS; n++) {
        byte[] manifest =
            """
            {"blobs":[{"mediaType":"a/b","digest":"%s","size":3}],"annotations":{"n":"%d"}}
            """
                .formatted(layer, n)
                .getBytes(UTF_8);
        Digest digest = Digest.of(Digest.Algorithm.SHA256, manifest);
        assertThat(
                registry.putManifest(
                    ALICE,
                    APP,
                    new Reference.ByDigest(digest),
                    MediaTypes.OCI_ARTIFACT,
                    manifest,
                    List.of()))
            .isInstanceOf(Outcome.Ok.class);
        manifests.add(digest);
      }
      Digest last = manifests.stream().max((a, b) -> a.toString().compareTo(b.toString())).get();
      registry.pulled(ALICE, APP, last, Optional.empty());
      new Exposure(registry).now();

      List<List<ExposureQuestions.PullRow>> pages = pulls(registry, layer);
      assertThat(pages).hasSize(2);
      assertThat(pages.getFirst()).isEmpty();
      assertThat(pages.getLast())
          .singleElement()
          .satisfies(row -> assertThat(row.digest()).isEqualTo(last));
    }
  }

  @SuppressWarnings("unchecked") // the question of that name has such rows
  private static List<List<ExposureQuestions.PullRow>> pulls(Registry registry, Digest digest) {
    Question<ExposureQuestions.PullRow> question =
        (Question<ExposureQuestions.PullRow>) new Questions(registry).named("exposure --pulls");
    List<List<ExposureQuestions.PullRow>> pages = new ArrayList<>();
    Asked asked = new Asked(Map.of(), QueryString.parse("limit=5&digest=" + digest), "");
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
