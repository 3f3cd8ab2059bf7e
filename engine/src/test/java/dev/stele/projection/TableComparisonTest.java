package dev.stele.projection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.database.Database;
import dev.stele.database.TestDatabase;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.postgres.PostgresPlugin;
import org.junit.jupiter.api.Test;

/** Whatever is different is found and counted once, wherever the ranges begin and end. */
class TableComparisonTest {
  private static final int ROWS = 23;

  private static Handle owner(TestDatabase database) {
    Handle handle = Jdbi.create(database::connect).installPlugin(new PostgresPlugin()).open();
    handle.execute(
        """
        INSERT INTO blob_link (repository, digest, linked_position)
        SELECT 'r' || n %% 3, convert_to('sha256:' || n, 'UTF8'), n FROM generate_series(1, %d) AS n;
        CREATE TEMPORARY TABLE blob_link (LIKE public.blob_link INCLUDING ALL);
        INSERT INTO pg_temp.blob_link SELECT * FROM public.blob_link;
        """
            .formatted(ROWS)
            .replace("linked_position", column(handle)));
    return handle;
  }

  /** The third column, whatever it is called. */
  private static String column(Handle handle) {
    return handle
        .createQuery(
            """
            SELECT attname FROM pg_attribute
            WHERE attrelid = 'public.blob_link'::regclass AND attnum = 3
            """)
        .mapTo(String.class)
        .one();
  }

  private static Verification.Result compare(Handle handle, int range) {
    TableComparison comparison = new TableComparison(handle, "pg_temp", "blob_link", range);
    Verification.Result all = new Verification.Result("blob", "blob_link", 0, 0, 0);
    Optional<List<String>> after = Optional.empty();
    do {
      TableComparison.Range next = comparison.range(after);
      all = all.plus(next);
      after = next.through();
    } while (after.isPresent());
    return all;
  }

  @Test
  void everyDifferenceIsFoundInWhateverRangeItIs() {
    try (TestDatabase testDatabase = TestDatabase.create();
        Database _ = testDatabase.open();
        Handle handle = owner(testDatabase)) {
      for (int range : new int[] {1, 2, 5, ROWS, ROWS + 1, 1_000}) {
        assertThat(compare(handle, range))
            .as("range %d", range)
            .isEqualTo(new Verification.Result("blob", "blob_link", ROWS, 0, 0));
      }
      // One is gone, one is changed, and two are there that should not be, at both ends.
      handle.execute("DELETE FROM public.blob_link WHERE digest = 'sha256:7'");
      handle.execute(
          "UPDATE public.blob_link SET %s = 99 WHERE digest = 'sha256:12'"
              .formatted(column(handle)));
      handle.execute("INSERT INTO public.blob_link VALUES ('a', 'x', 1), ('z', 'x', 1)");
      for (int range : new int[] {1, 2, 5, ROWS, ROWS + 1, 1_000}) {
        assertThat(compare(handle, range))
            .as("range %d", range)
            .isEqualTo(new Verification.Result("blob", "blob_link", ROWS, 2, 3));
      }
      handle.execute("DELETE FROM public.blob_link");
      assertThat(compare(handle, 5).missing()).isEqualTo(ROWS);
      handle.execute("DELETE FROM pg_temp.blob_link");
      assertThat(compare(handle, 5))
          .isEqualTo(new Verification.Result("blob", "blob_link", 0, 0, 0));
    }
  }
}
