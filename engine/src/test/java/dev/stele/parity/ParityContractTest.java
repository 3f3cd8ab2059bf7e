package dev.stele.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.SuiteRun;
import org.junit.jupiter.api.Test;

/**
 * The contract notices a store that does nothing. Only rows pass that ask nothing of a store,
 * because the log alone knows the answer.
 */
class ParityContractTest {
  @Test
  void everyRowThatNeedsAStoreFailsAgainstOneThatDoesNothing() {
    SuiteRun run = SuiteRun.of(OnStoreThatDoesNothing.class);
    assertThat(run.passed())
        .containsExactly(
            "2: a repository is valid once initialised; a malformed name is an error",
            "3: an initialised repository is listed, without tags; an unknown one is an error",
            "4: repositories page, and iterate one by one to the end",
            "6: a malformed or unsupported digest is an error",
            "7: a malformed upload id is an error, also one of bytes that are no UTF-8");
    assertThat(run.failed()).hasSizeGreaterThan(30);
  }

  /** Not found by the build, which runs no nested classes by themselves. */
  static final class OnStoreThatDoesNothing extends ParityContract {
    @Override
    protected ParityStorage openStorage() {
      return new ParityStorage.Nowhere();
    }
  }
}
