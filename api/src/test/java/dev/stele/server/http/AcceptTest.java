package dev.stele.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AcceptTest {
  private static final List<String> OFFERS =
      List.of("text/event-stream", "application/json", "text/csv");

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          */*                                     | application/json
          text/csv                                | text/csv
          TEXT/Csv                                | text/csv
          text/csv;header=present                 | text/csv
          text/csv; q=0                           | application/json
          text/csv;q=0, */*                       | application/json
          text/csv;q=0.5, application/json;q=0.4  | text/csv
          text/csv;Q=0.4, application/json;q=0.5  | application/json
          text/csv, application/json              | application/json
          text/csv, */*                           | text/csv
          text/csv;q=0.5, */*                     | application/json
          text/csv;q=0.5, */*, application/json;q=0.1 | text/csv
          text/csv;q=0.5, */*;q=0.9, application/*;q=0.1 | text/csv
          text/csv, text/event-stream             | text/event-stream
          text/event-stream;q=0, text/csv;q=0.001 | text/csv
          text/*                                  | application/json
          text/csvx, x-text/csv                   | application/json
          a/b;c="x, text/csv"                     | application/json
          a/b;c="\\", text/csv, ", text/csv       | text/csv
          text/csv;q=2                            | application/json
          ,,;;,                                   | application/json
          """)
  void theBestIsTaken(String header, String best) {
    assertThat(Accept.parse(header).best("application/json", OFFERS)).isEqualTo(best);
  }
}
