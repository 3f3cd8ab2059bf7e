package dev.stele.blob;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.SuiteRun;
import org.junit.jupiter.api.Test;

/** The contract notices a store that does nothing: every one of its tests fails against it. */
class BlobStoreContractTest {
  @Test
  void everyTestFailsAgainstAStoreThatDoesNothing() {
    SuiteRun run = SuiteRun.of(OnStoreThatDoesNothing.class);
    assertThat(run.passed()).isEmpty();
    assertThat(run.failed()).hasSizeGreaterThan(20);
  }

  /** Not found by the build, which runs no nested classes by themselves. */
  static final class OnStoreThatDoesNothing extends BlobStoreContract {
    @Override
    protected BlobStore openStore() {
      return new StoreThatDoesNothing();
    }
  }
}
