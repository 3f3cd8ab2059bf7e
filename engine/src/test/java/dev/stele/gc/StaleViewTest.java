package dev.stele.gc;

import static dev.stele.registry.TestClient.ALICE;
import static dev.stele.registry.TestClient.ok;
import static dev.stele.registry.TestClient.push;
import static dev.stele.registry.TestClient.put;
import static dev.stele.registry.TestClient.upload;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.log.LogReader;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.policy.TestPolicies;
import dev.stele.registry.Outcome;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.restore.Restoration;
import dev.stele.restore.RestoreRequest;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the lane decides while the view has not seen the last events: something was past grace, but
 * clients have deleted it and pushed or used it again since. What it is now has its own grace.
 */
class StaleViewTest {
  private static final Duration GRACE = Duration.ofMillis(300);
  private static final RepositoryName APP = RepositoryName.parse("team/app");
  private static final Tag V1 = Tag.parse("v1");

  @TempDir private Path folder;
  private RegistryFixture fixture;
  private Registry registry;

  @BeforeEach
  void open() throws Exception {
    fixture =
        RegistryFixture.onDisk(
            folder, RegistryOptions.DEFAULT.withGc(GcOptions.DEFAULT.withGrace(GRACE)));
    registry = fixture.registry();
    // Nothing keeps itself.
    fixture.engine().retention().adopt(TestPolicies.DELETING_UNTAGGED);
  }

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  @Test
  void aBlobThatWasDeletedAndPushedAgainStays() throws Exception {
    Digest blob = pushBlob();
    letGracePass();
    assertThat(registry.deleteBlob(ALICE, APP, blob)).isEqualTo(Outcome.ok(blob));
    pushBlob();
    assertThat(collectBlob(blob).unlinked()).isZero();
    assertThat(registry.blobSize(APP, blob)).isInstanceOf(Outcome.Ok.class);
  }

  @Test
  void aManifestThatWasDeletedAndPutAgainStays() throws Exception {
    Digest manifest = putImage(pushBlob());
    letGracePass();
    assertThat(registry.deleteManifest(ALICE, APP, manifest)).isEqualTo(Outcome.ok(manifest));
    putImage(pushBlob());
    assertThat(collectManifest(manifest)).isZero();
  }

  /** What restoring a tag points to has been collectable, and is a client's again from then on. */
  @Test
  void aManifestWhoseTagWasRestoredAndDeletedAgainStays() throws Exception {
    Digest manifest = push(registry, APP, V1, TestManifest.artifact(pushBlob()));
    long tagged = registry.archive().read(LogReader::nextPosition) - 1;
    assertThat(registry.deleteTag(ALICE, APP, V1)).isInstanceOf(Outcome.Ok.class);
    letGracePass();
    assertThat(restore(V1, tagged).items()).hasSize(1);
    assertThat(registry.deleteTag(ALICE, APP, V1)).isInstanceOf(Outcome.Ok.class);
    assertThat(collectManifest(manifest)).isZero();
  }

  /** "Nothing to do, it is there" is a promise. */
  @Test
  void aManifestThatWasToBeRestoredAndIsStillThereStays() throws Exception {
    Digest manifest = putImage(pushBlob());
    long there = registry.archive().read(LogReader::nextPosition) - 1;
    letGracePass();
    assertThat(restore(new Reference.ByDigest(manifest), there).items()).isEmpty();
    assertThat(collectManifest(manifest)).isZero();
  }

  @Test
  void whatWouldBeRestoredIsNotPromised() throws Exception {
    Digest manifest = putImage(pushBlob());
    long there = registry.archive().read(LogReader::nextPosition) - 1;
    letGracePass();
    assertThat(fixture.engine().restore().preview(request(new Reference.ByDigest(manifest), there)))
        .isInstanceOf(Outcome.Ok.class);
    assertThat(collectManifest(manifest)).isEqualTo(1);
  }

  private Restoration restore(Reference what, long position) throws IOException {
    return ok(fixture.engine().restore().run(ALICE, request(what, position), 1));
  }

  private static RestoreRequest request(Reference what, long position) {
    return new RestoreRequest(APP, new Moment.AtPosition(position), Optional.of(what), false);
  }

  @Test
  void aBlobWhoseManifestHasJustBeenDeletedStays() throws Exception {
    Digest blob = pushBlob();
    letGracePass();
    Digest manifest = putImage(blob);
    assertThat(registry.deleteManifest(ALICE, APP, manifest)).isEqualTo(Outcome.ok(manifest));
    assertThat(collectBlob(blob).unlinked()).isZero();
  }

  /** However many referrers went out of sight with it. */
  @Test
  void aReferrerWhoseSubjectHasJustBeenDeletedStays() throws Exception {
    Digest blob = pushBlob();
    Digest subject = putImage(blob);
    Digest referrer = put(registry, APP, TestManifest.artifact(blob).subject(subject));
    letGracePass();
    push(registry, APP, V1, TestManifest.artifact(blob));
    assertThat(registry.deleteManifest(ALICE, APP, subject)).isEqualTo(Outcome.ok(subject));
    assertThat(collectManifest(referrer)).isZero();
    letGracePass();
    assertThat(collectManifest(referrer)).isEqualTo(1);
  }

  /**
   * The log's time never goes back, as the clock does when a standby with a slow one takes over.
   */
  @Test
  void aPromiseHoldsAlsoWhenTheClockWasSetBack() throws Exception {
    Digest blob = pushBlob();
    letGracePass();
    try (Connection owner = fixture.testDatabase().connect();
        Statement statement = owner.createStatement()) {
      statement.execute("ALTER TABLE event DISABLE TRIGGER event_append_only");
      statement.execute(
          """
          UPDATE event SET recorded_at = clock_timestamp() + interval '1 minute'
          WHERE position = (SELECT max(position) FROM event)
          """);
    }
    assertThat(registry.blobSize(APP, blob)).isInstanceOf(Outcome.Ok.class);
    assertThat(collectBlob(blob).unlinked()).isZero();
    letGracePass();
    assertThat(collectBlob(blob).unlinked()).isEqualTo(1);
  }

  @Test
  void whatIsPastGraceGoes() throws Exception {
    Digest blob = pushBlob();
    Digest manifest = putImage(blob);
    letGracePass();
    assertThat(collectManifest(manifest)).isEqualTo(1);
    assertThat(collectBlob(blob).unlinked()).isEqualTo(1);
    assertThat(registry.exists(APP)).isFalse();
  }

  /** From here on the view is not brought up any more. */
  private void letGracePass() throws InterruptedException {
    fixture.follow();
    Thread.sleep(GRACE.plusMillis(100));
  }

  private CollectBlobs.Result collectBlob(Digest blob) {
    return fixture
        .commands()
        .append(
            new CollectBlobs(
                fixture.commands().system(Collector.ACTOR), APP, List.of(blob), GRACE));
  }

  private int collectManifest(Digest manifest) {
    return fixture
        .commands()
        .append(
            new CollectManifests(
                fixture.commands().system(Collector.ACTOR),
                APP,
                new LivenessGraph.Batch(List.of(manifest), false),
                GRACE,
                1))
        .gone();
  }

  private Digest pushBlob() throws IOException {
    return upload(registry, APP, "a layer");
  }

  private Digest putImage(Digest config) {
    return put(registry, APP, TestManifest.artifact(config));
  }
}
