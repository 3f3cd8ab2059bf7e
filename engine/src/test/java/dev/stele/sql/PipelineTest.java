package dev.stele.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PipelineTest {
  private static final Instant AT = Instant.parse("2026-01-02T03:04:05.678901Z");

  private TestDatabase testDatabase;
  private Database database;
  private Handle handle;

  @BeforeEach
  void open() {
    testDatabase = TestDatabase.create();
    database = testDatabase.open();
    handle = database.jdbi().open();
    handle.begin();
    handle.execute(
        "CREATE TEMPORARY TABLE row (id uuid, number bigint, text text, at timestamptz, bytes"
            + " bytea)");
  }

  @AfterEach
  void close() {
    handle.rollback();
    handle.close();
    database.close();
    testDatabase.close();
  }

  private static Unnested<Integer> numbers(Integer... numbers) {
    return new Unnested<>(List.of(numbers))
        .id("ids", number -> new UUID(0, number))
        .number("numbers", Integer::longValue)
        .text("texts", number -> number == 1 ? null : "it's :" + number + "?")
        .bytes("bytes", number -> new byte[] {number.byteValue()})
        .value("at", AT);
  }

  private static final String INSERT =
      """
      INSERT INTO row (id, number, text, at, bytes)
      SELECT id, number, text, :at, bytes
      FROM unnest(:ids::uuid[], :numbers::bigint[], :texts::text[], :bytes::bytea[]) AS r (id, number, text, bytes)
      """;

  private List<String> rows() {
    return handle
        .createQuery("SELECT id, number, text, at = :at, bytes FROM row ORDER BY number")
        .bind("at", AT)
        .map(
            (row, _) ->
                row.getString(1)
                    + ' '
                    + row.getLong(2)
                    + ' '
                    + row.getString(3)
                    + ' '
                    + row.getBoolean(4)
                    + ' '
                    + row.getBytes(5)[0])
        .list();
  }

  @Test
  void statementsAreDoneTogetherInTheirOrder() {
    Pipeline pipeline = new Pipeline(handle);
    List<Long> found = new ArrayList<>();
    numbers(1, 2, 3).execute(pipeline, INSERT);
    numbers().execute(pipeline, "no statement, since there is no row");
    numbers(2).execute(pipeline, "DELETE FROM row WHERE number = ANY (:numbers)");
    numbers(0)
        .query(
            pipeline, "SELECT number FROM row ORDER BY number", row -> row.getLong(1), found::add);
    numbers(4).execute(pipeline, INSERT);
    assertThat(rows()).isEmpty();
    assertThat(pipeline.handle()).isSameAs(handle);
    assertThat(rows())
        .containsExactly(
            new UUID(0, 1) + " 1 null true 1",
            new UUID(0, 3) + " 3 it's :3? true 3",
            new UUID(0, 4) + " 4 it's :4? true 4");
    assertThat(found).containsExactly(1L, 3L);
    pipeline.flush();
    assertThat(rows()).hasSize(3);
  }

  @Test
  void whatARowAddsIsDoneAsWell() {
    Pipeline pipeline = new Pipeline(handle);
    numbers(1, 2).execute(pipeline, INSERT);
    numbers(0)
        .query(
            pipeline,
            "SELECT number FROM row WHERE number < 5",
            row -> row.getInt(1),
            number -> numbers(10 * number).execute(pipeline, INSERT));
    pipeline.flush();
    assertThat(numbers(0).query(handle, "SELECT number FROM row", row -> row.getInt(1)))
        .containsExactlyInAnyOrder(1, 2, 10, 20);
  }

  @Test
  void aFailureIsToldAndNothingOfItStays() {
    Pipeline pipeline = new Pipeline(handle);
    handle.savepoint("before");
    numbers(1).execute(pipeline, INSERT);
    numbers(2).execute(pipeline, "INSERT INTO row (number) SELECT 1 / 0 FROM unnest(:numbers)");
    assertThatThrownBy(pipeline::flush)
        .isInstanceOf(JdbiException.class)
        .cause()
        .hasMessageContaining("division by zero");
    handle.rollbackToSavepoint("before");
    assertThat(rows()).isEmpty();
    assertThatThrownBy(() -> new Unnested<>(Set.of(1)).execute(handle, "SELECT :missing"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no value for missing");
  }

  @Test
  void noTableIsPlannedForAsEmptyBeforeItWasUsed() {
    assertThat(
            handle
                .createQuery(
                    """
                    SELECT relname FROM pg_class
                    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND reltuples = 0
                      AND relname LIKE ANY (ARRAY['tag%', 'blob%', 'manifest', 'lease', 'reach%', 'referrer', 'repository'])
                    """)
                .mapTo(String.class)
                .list())
        .isEmpty();
  }
}
