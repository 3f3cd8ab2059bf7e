package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

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
}
