package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class VersionTest {
  @Test
  void thePackagedProgramKnowsItsVersionAndItsJava() throws Exception {
    for (String asked : new String[] {"version", "--version"}) {
      SteleProcess.CommandResult result = SteleProcess.run(asked);
      assertThat(result.exitStatus()).isZero();
      assertThat(result.output())
          .containsPattern("(?m)^stele [0-9]+\\.[0-9]+\\.[0-9]+")
          .contains("Java " + Runtime.version());
    }
  }

  /** As on a full disk: who keeps what a command prints must not take a part for the whole. */
  @Test
  void whatCouldNotBePrintedIsNoSuccess() throws Exception {
    SteleProcess.CommandResult result =
        SteleProcess.runInto(Path.of("/dev/full"), "events", "--help");
    assertThat(result.exitStatus()).isEqualTo(1);
    assertThat(result.output()).contains("could not be written whole: No space left on device");
  }
}
