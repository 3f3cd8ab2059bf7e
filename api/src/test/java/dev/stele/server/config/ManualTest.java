package dev.stele.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The manual's table of the configuration has every key as it is, and no other. */
class ManualTest {
  /** Each a {@link FileList}. */
  private static final List<String> ONLY_IN_THE_FILE =
      List.of("access", "retention.policies", "tags.immutable");

  private static final Pattern ROW =
      Pattern.compile("\\| `([a-z][a-z.<>-]*)` \\| ([^|]*) \\| ?([^|]*?) ?\\|.*");

  private record Row(String variable, String absent) {}

  private static Map<String, Row> table() throws IOException {
    List<String> lines = Files.readAllLines(Path.of("..", "docs", "manual.md"));
    int start = lines.indexOf("| key | environment | default | meaning |");
    assertThat(start).isNotNegative();
    Map<String, Row> rows = new LinkedHashMap<>();
    for (String line : lines.subList(start + 2, lines.size())) {
      if (!line.startsWith("|")) {
        break;
      }
      Matcher row = ROW.matcher(line);
      assertThat(row.matches()).as("a row has one key: %s", line).isTrue();
      assertThat(rows.put(row.group(1), new Row(row.group(2), row.group(3)))).as(line).isNull();
    }
    return rows;
  }

  @Test
  void theTableHasEveryKeyAndNoOther() throws Exception {
    Map<String, Row> rows = table();
    for (String list : ONLY_IN_THE_FILE) {
      assertThat(rows.remove(list)).isEqualTo(new Row("only in the file", "none"));
    }
    ConfigurationBuilder.KEYS.forEach(key -> check("", key, rows.remove(key.path())));
    StoresReader.KEYS.forEach(
        key -> check("STORES", key, rows.remove("stores.<name>." + key.path())));
    WebhooksReader.KEYS.forEach(
        key -> check("WEBHOOKS", key, rows.remove("webhooks.<name>." + key.path())));
    OidcReader.KEYS.forEach(key -> check("OIDC", key, rows.remove("oidc.<name>." + key.path())));
    LdapReader.KEYS.forEach(key -> check("LDAP", key, rows.remove("ldap.<name>." + key.path())));
    SyslogReader.KEYS.forEach(
        key -> check("SYSLOG", key, rows.remove("syslog.<name>." + key.path())));
    assertThat(rows.keySet()).as("rows of keys that are none").isEmpty();
  }

  private static <T> void check(String section, ConfigurationKey<T> key, Row row) {
    assertThat(row).as("the row of %s %s", section, key.path()).isNotNull();
    String suffix = "_" + ConfigurationKey.upperSnake(key.path()) + "`";
    assertThat(row.variable())
        .as(key.path())
        .isIn(
            section.isEmpty()
                ? List.of("`" + key.variable() + "`")
                : List.of("`..." + suffix, "`STELE_" + section + "_<NAME>" + suffix));
    String absent = key.isList() ? "" : key.absent().map(key.format()).orElse("");
    // What has no default may say what holds instead, and a store must say its type.
    if (!absent.isEmpty() && !key.equals(StoresReader.TYPE)) {
      assertThat(row.absent()).as("the default of %s", key.path()).isEqualTo("`" + absent + "`");
    } else {
      assertThat(row.absent()).as("the default of %s", key.path()).doesNotContain("`");
    }
  }
}
