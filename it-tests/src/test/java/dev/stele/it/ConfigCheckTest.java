package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code stele config check} tells what serve would do with a configuration. */
class ConfigCheckTest {
  @TempDir private Path folder;

  private SteleProcess.CommandResult check(String yaml) throws Exception {
    Path file = Files.writeString(folder.resolve("stele.yaml"), yaml);
    return SteleProcess.run(
        "config", "check", "--config", file.toString(), "--data", folder.resolve("d").toString());
  }

  @Test
  void printsWhatHoldsAndStartsNothing() throws Exception {
    SteleProcess.CommandResult result =
        check(
            """
            database: {url: "jdbc:postgresql://nowhere.invalid/x", user: u, password: hidden}
            stores:
              default: {type: s3, endpoint: "http://nowhere.invalid", bucket: images}
            """);
    assertThat(result.exitStatus()).as(result.output()).isEqualTo(0);
    assertThat(result.output())
        .containsPattern("(?m)^listen +127\\.0\\.0\\.1:5000 +default$")
        .containsPattern("(?m)^data +" + folder.resolve("d") + " +--data$")
        .containsPattern("(?m)^database.password +\\*{6} +\\S+stele.yaml: database.password$")
        .containsPattern("(?m)^stores.default.connect-timeout +5s +default$")
        .doesNotContain("hidden");
    assertThat(folder.resolve("d")).doesNotExist();
  }

  @Test
  void printsEveryProblem() throws Exception {
    SteleProcess.CommandResult result =
        check("listen: here:now\nlog: {format: xml}\nstores: {a: {type: tape}}\n");
    assertThat(result.exitStatus()).as(result.output()).isEqualTo(1);
    assertThat(result.output())
        .startsWith("stele: the configuration has 3 problems:")
        .contains("stele.yaml: listen \"here:now\" is not HOST:PORT")
        .contains("stele.yaml: log.format must be plain or json, not \"xml\"")
        .contains("stele.yaml: stores.a.type must be disk or s3, not \"tape\"");
  }

  @Test
  void refusesWhatServeWouldRefuse() throws Exception {
    SteleProcess.CommandResult exposed = check("listen: 0.0.0.0:5000\n");
    assertThat(exposed.exitStatus()).isEqualTo(1);
    assertThat(exposed.output()).contains("without authentication", "htpasswd");
    SteleProcess.CommandResult missing = check("htpasswd: " + folder.resolve("users") + "\n");
    assertThat(missing.exitStatus()).isEqualTo(1);
    assertThat(missing.output())
        .contains("htpasswd: the file " + folder.resolve("users") + " cannot be used");
  }
}
