package dev.stele.database;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import dev.stele.sql.Values;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.Test;

/** Digests stood as text before version 29 of the schema. */
class DigestMigrationTest {
  /** Every column that had one, whatever its name. */
  private static final String COLUMNS =
      """
      SELECT table_name || '.' || column_name
      FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
      WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND data_type = '%s'
        AND column_name IN ('digest', 'subject', 'parent', 'child', 'manifest', 'policy', 'decisions')
      ORDER BY 1
      """;

  private static final String INDEXES =
      "SELECT indexname FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1";

  private static final Digest SHORT = digest(Digest.Algorithm.SHA256, "short");
  private static final Digest LONG = digest(Digest.Algorithm.SHA512, "long");

  private static Digest digest(Digest.Algorithm algorithm, String content) {
    return Digest.of(algorithm, content.getBytes(StandardCharsets.UTF_8));
  }

  private static void migrate(TestDatabase database, String version) {
    Flyway.configure()
        .dataSource(database.url(), database.user(), database.password())
        .locations("classpath:dev/stele/migrations")
        .target(version)
        .load()
        .migrate();
  }

  @Test
  void whatWasTextIsBinaryAndMeansTheSame() throws SQLException {
    try (TestDatabase empty = TestDatabase.empty();
        Connection owner = empty.connect();
        Statement statement = owner.createStatement()) {
      migrate(empty, "28");
      for (Digest digest : List.of(LONG, SHORT)) {
        statement.execute(
            """
            INSERT INTO blob_link VALUES ('app', '%1$s', 1);
            INSERT INTO manifest VALUES ('app', '%1$s', 'm', NULL, 1, '%2$s', 2);
            INSERT INTO tag VALUES ('app', '%3$s', '%1$s', 3, now(), 3, now());
            INSERT INTO reach_edge VALUES ('app', '%1$s', '%2$s', 'lists');
            INSERT INTO manifest_document VALUES ('%1$s', 'm', '{}');
            INSERT INTO unreachable VALUES ('%3$s', '', 'repository', 4, now());
            """
                .formatted(digest, SHORT, digest.algorithm().prefix()));
      }
      List<String> indexes = texts(statement, INDEXES);
      List<String> columns = texts(statement, COLUMNS.formatted("text"));

      migrate(empty, "29");

      assertThat(columns).hasSizeGreaterThan(30);
      assertThat(texts(statement, COLUMNS.formatted("bytea"))).isEqualTo(columns);
      assertThat(texts(statement, COLUMNS.formatted("text"))).isEmpty();
      assertThat(texts(statement, INDEXES)).isEqualTo(indexes);
      for (String each : List.of("blob_link", "manifest", "live_tag", "manifest_document", "tag")) {
        assertThat(digests(statement, "SELECT digest FROM " + each + " ORDER BY digest"))
            .containsExactly(SHORT, LONG);
      }
      assertThat(digests(statement, "SELECT parent FROM reach_edge ORDER BY parent"))
          .containsExactly(SHORT, LONG);
      assertThat(digests(statement, "SELECT subject FROM manifest")).containsExactly(SHORT, SHORT);
      assertThat(texts(statement, "SELECT digest_text(digest) FROM tag ORDER BY digest"))
          .containsExactly(SHORT.toString(), LONG.toString());
      assertThat(texts(statement, "SELECT digest_text(digest) FROM unreachable"))
          .containsExactly("", "");
    }
  }

  @Test
  void theOrderIsThatOfTheText() {
    TreeSet<Digest> all = new TreeSet<>();
    for (int n = 0; n < 200; n++) {
      all.add(digest(n % 2 == 0 ? Digest.Algorithm.SHA256 : Digest.Algorithm.SHA512, "n" + n));
    }
    assertThat(all.stream().map(Digest::toBytes).toList())
        .isSortedAccordingTo(Arrays::compareUnsigned);
    assertThat(all.stream().map(Digest::toString).toList()).isSorted();
    assertThat(all).allSatisfy(each -> assertThat(Digest.ofBytes(each.toBytes())).isEqualTo(each));
  }

  private static List<String> texts(Statement statement, String sql) throws SQLException {
    List<String> texts = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        texts.add(rows.getString(1));
      }
    }
    return texts;
  }

  private static List<Digest> digests(Statement statement, String sql) throws SQLException {
    List<Digest> digests = new ArrayList<>();
    try (ResultSet rows = statement.executeQuery(sql)) {
      while (rows.next()) {
        digests.add(Values.digest(rows, 1));
      }
    }
    return digests;
  }
}
