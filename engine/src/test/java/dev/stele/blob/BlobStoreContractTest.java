package dev.stele.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;

/** The contract notices a store that does nothing: every one of its tests fails against it. */
class BlobStoreContractTest {
  @Test
  void everyTestFailsAgainstAStoreThatDoesNothing() {
    SummaryGeneratingListener summary = new SummaryGeneratingListener();
    StringBuilder passed = new StringBuilder();
    TestExecutionListener passes =
        new TestExecutionListener() {
          @Override
          public void executionFinished(TestIdentifier test, TestExecutionResult result) {
            if (test.isTest() && result.getStatus() == TestExecutionResult.Status.SUCCESSFUL) {
              passed.append(test.getDisplayName()).append('\n');
            }
          }
        };
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(selectClass(StoreThatDoesNothing.class))
            .build();
    LauncherFactory.create().execute(request, summary, passes);

    assertThat(passed).isEmpty();
    assertThat(summary.getSummary().getTestsFoundCount()).isGreaterThan(20);
    assertThat(summary.getSummary().getTestsFailedCount())
        .isEqualTo(summary.getSummary().getTestsFoundCount());
  }

  /** Not found by the build, which runs no nested classes by themselves. */
  static final class StoreThatDoesNothing extends BlobStoreContract {
    @Override
    protected BlobStore openStore() {
      return new NoStore();
    }
  }

  /** Answers everything politely and keeps nothing. */
  private static final class NoStore implements BlobStore {
    private static final StoredObject NOTHING = new StoredObject(new ObjectKey("nothing"), 0);

    @Override
    public UploadId begin(RepositoryName repository, Digest.Algorithm hint) {
      return UploadId.random();
    }

    @Override
    public UploadStatus status(RepositoryName repository, UploadId id) {
      return new UploadStatus(id, repository, 0, Instant.EPOCH, Instant.EPOCH);
    }

    @Override
    public UploadStatus append(RepositoryName repository, UploadId id, Chunk chunk) {
      return status(repository, id);
    }

    @Override
    public StoredObject finish(
        RepositoryName repository, UploadId id, Chunk last, Digest expected) {
      return NOTHING;
    }

    @Override
    public StoredObject put(Digest expected, OptionalLong length, InputStream body) {
      return NOTHING;
    }

    @Override
    public void cancel(RepositoryName repository, UploadId id) {}

    @Override
    public OptionalLong size(ObjectKey key) {
      return OptionalLong.empty();
    }

    @Override
    public BlobContent open(ObjectKey key) {
      return new BlobContent() {
        @Override
        public long size() {
          return 0;
        }

        @Override
        public InputStream stream(long offset, long length) {
          return InputStream.nullInputStream();
        }

        @Override
        public Optional<FileChannel> channel() {
          return Optional.empty();
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void delete(Collection<ObjectKey> keys) {}

    @Override
    public Stream<StoredObject> objects() {
      return Stream.empty();
    }

    @Override
    public Stream<UploadStatus> uploads() {
      return Stream.empty();
    }

    @Override
    public void probe() {}

    @Override
    public void close() {}
  }
}
