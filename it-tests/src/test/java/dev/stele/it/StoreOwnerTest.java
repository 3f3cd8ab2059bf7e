package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two registries that are configured with one folder of blobs: it belongs to one of them. */
@Timeout(300)
@Order(SteleProcess.LONG)
class StoreOwnerTest {
  @TempDir private Path folder;

  private Map<String, String> store() {
    return Map.of(
        "STELE_STORES_DEFAULT_TYPE", "disk",
        "STELE_STORES_DEFAULT_PATH", folder.resolve("blobs").toString(),
        "STELE_GC_INTERVAL", "200ms",
        "STELE_GC_GRACE", "1h");
  }

  private SteleProcess start(String name) throws Exception {
    return SteleProcess.start(folder.resolve(name), store(), "-Xmx256m");
  }

  private SteleProcess.CommandResult run(String name, String... arguments) throws Exception {
    Map<String, String> environment = new HashMap<>(store());
    environment.put("STELE_DATA", folder.resolve(name).toString());
    return SteleProcess.run(environment, arguments);
  }

  /** What a server says that does not start. */
  private String refused(String name) throws Exception {
    SteleProcess.CommandResult refused = run(name, "serve", "--listen", "127.0.0.1:0");
    assertThat(refused.exitStatus()).as(refused.output()).isEqualTo(1);
    return refused.output();
  }

  @Test
  void theSecondServerIsRefusedUntilItTakesTheStoreOver() throws Exception {
    Digest digest;
    byte[] bytes = "of the first".getBytes(StandardCharsets.UTF_8);
    try (SteleProcess first = start("first")) {
      digest = first.client().pushBlob("app", bytes);
      assertThat(refused("second")).contains("in use", folder.resolve("blobs").toString());
      assertThat(first.client().blob("app", digest)).isEqualTo(bytes);
      SteleProcess.CommandResult list = run("first", "store", "list");
      assertThat(list.exitStatus()).as(list.output()).isZero();
      assertThat(list.output()).contains("default", "owned");
      first.stop();
    }
    assertThat(refused("second"))
        .contains("belongs to another registry", "stele store take-over default");
    SteleProcess.CommandResult list = run("second", "store", "list");
    assertThat(list.exitStatus()).as(list.output()).isEqualTo(1);
    assertThat(list.output()).contains("refused", "stele store take-over default");

    SteleProcess.CommandResult none = run("second", "store", "take-over", "other");
    assertThat(none.exitStatus()).isEqualTo(1);
    assertThat(none.output()).contains("there is no store other", "stele store list");
    SteleProcess.CommandResult taken = run("second", "store", "take-over", "default");
    assertThat(taken.exitStatus()).as(taken.output()).isZero();
    assertThat(taken.output()).contains("Store default belongs to this registry from now on");
    try (SteleProcess second = start("second")) {
      Digest own =
          second.client().pushBlob("app", "of the second".getBytes(StandardCharsets.UTF_8));
      assertThat(second.client().hasBlob("app", own)).isTrue();
      assertThat(second.client().events())
          .extracting(RecordedEvent::type)
          .contains("StoreTakenOver");
      second.stop();
    }
    assertThat(refused("first"))
        .contains("belongs to another registry", "stele store take-over default");
    SteleProcess.CommandResult back = run("first", "store", "take-over", "default");
    assertThat(back.exitStatus()).as(back.output()).isZero();
    try (SteleProcess first = start("first")) {
      assertThat(first.client().blob("app", digest)).isEqualTo(bytes);
      first.stop();
    }
  }
}
