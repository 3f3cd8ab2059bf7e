package dev.stele.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;

/** The program's commands. */
class SteleTest {
  @Test
  void eachCommandIsFoundByTheNameThatItHas() {
    for (String name : Stele.COMMANDS) {
      assertThat(Stele.command(name).getAnnotation(Command.class).name()).isEqualTo(name);
    }
  }
}
