package dev.stele.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.question.Columns;
import dev.stele.question.CsvRows;
import dev.stele.question.EventRow;
import dev.stele.registry.EventEntry;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class RowOutputTest {
  private enum Kind {
    TAG
  }

  private record Row(
      Kind kind,
      Optional<RepositoryName> repository,
      Digest digest,
      long pulledCount,
      boolean live,
      Instant at,
      List<String> tags,
      String actor) {}

  private static final Columns<Row> COLUMNS =
      Columns.of(Row.class)
          .with("kind", Row::kind)
          .with("repository", Row::repository)
          .with("digest", Row::digest)
          .with("pulledCount", Row::pulledCount)
          .with("live", Row::live)
          .with("at", Row::at)
          .with("tags", Row::tags)
          .with("actor", Row::actor)
          .with("never", _ -> Optional.empty());

  private static final Digest DIGEST =
      Digest.of(Digest.Algorithm.SHA256, "x".getBytes(StandardCharsets.UTF_8));

  private static final List<Row> ROWS =
      List.of(
          new Row(
              Kind.TAG,
              Optional.of(RepositoryName.parse("team/app")),
              DIGEST,
              7,
              true,
              Instant.parse("2026-03-03T14:05:00.25Z"),
              List.of("v1", "latest"),
              "ann, the \"first\""),
          new Row(
              Kind.TAG,
              Optional.empty(),
              DIGEST,
              12_345,
              false,
              Instant.parse("2026-03-04T00:00:00Z"),
              List.of(),
              null));

  @Command(name = "list")
  private static final class Listing implements Runnable {
    @Mixin private RowOutput output;
    private final PrintWriter out;
    private final List<Row> rows;

    private Listing(PrintWriter out, List<Row> rows) {
      this.out = out;
      this.rows = rows;
    }

    @Override
    public void run() {
      output.print(out, COLUMNS, rows);
      output.note(out, rows.size() + " rows");
    }
  }

  private static String printed(List<Row> rows, String... options) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    int status =
        new CommandLine(new Listing(out, rows)).setErr(new PrintWriter(text)).execute(options);
    return status == 0 ? text.toString() : "exit status " + status + "\n" + text;
  }

  @Test
  void aTableIsAlignedAndWholeWhereNoTerminalIs() {
    assertThat(printed(ROWS).lines())
        .containsExactly(
            "KIND  REPOSITORY  "
                + "DIGEST"
                + " ".repeat(65)
                + "  PULLED COUNT  LIVE  AT                        TAGS       ACTOR",
            "tag   team/app    "
                + DIGEST
                + "             7  yes   2026-03-03T14:05:00.250Z  v1 latest  ann, the \"first\"",
            "tag   -           "
                + DIGEST
                + "         12345  no    2026-03-04T00:00:00Z                 -",
            "2 rows");
  }

  @Test
  void jsonIsAnObjectALineWithTheTypesOfItsValuesAndWithoutWhatIsAbsent() {
    assertThat(printed(ROWS, "--json").lines())
        .containsExactly(
            "{\"kind\":\"tag\",\"repository\":\"team/app\",\"digest\":\""
                + DIGEST
                + "\",\"pulledCount\":7,\"live\":true,\"at\":\"2026-03-03T14:05:00.250Z\","
                + "\"tags\":[\"v1\",\"latest\"],\"actor\":\"ann, the \\\"first\\\"\"}",
            "{\"kind\":\"tag\",\"digest\":\""
                + DIGEST
                + "\",\"pulledCount\":12345,\"live\":false,\"at\":\"2026-03-04T00:00:00Z\","
                + "\"tags\":[]}");
  }

  @Test
  void csvQuotesWhatItMustAndEndsLinesAsTheStandardSays() {
    assertThat(printed(ROWS, "--csv"))
        .isEqualTo(
            "kind,repository,digest,pulledCount,live,at,tags,actor,never\r\n"
                + "tag,team/app,"
                + DIGEST
                + ",7,true,2026-03-03T14:05:00.250Z,v1 latest,\"ann, the \"\"first\"\"\",\r\n"
                + "tag,,"
                + DIGEST
                + ",12345,false,2026-03-04T00:00:00Z,,,\r\n");
  }

  @Test
  void noTextBecomesAFormulaInASpreadsheet() {
    for (String formula : List.of("=1+1", "+1", "-1", "@SUM(1)", "\t=1")) {
      Row hostile =
          new Row(Kind.TAG, Optional.empty(), DIGEST, 1, true, Instant.EPOCH, List.of(), formula);
      assertThat(printed(List.of(hostile), "--csv")).contains(",'" + formula + ",");
    }
  }

  /** U+009B by itself begins an order to many terminals, as an escape and a bracket do. */
  @Test
  void aFileThatIsLookedAtGivesNoOrdersToATerminal() {
    Row hostile =
        new Row(
            Kind.TAG,
            Optional.empty(),
            DIGEST,
            1,
            true,
            Instant.EPOCH,
            List.of(),
            "a\u001b[2J\u009b2J\u007f\t\nb\ud83d\udc4b");
    assertThat(printed(List.of(hostile), "--csv"))
        .contains(",\"a\\u001b[2J\\u009b2J\\u007f\t\nb\ud83d\udc4b\",");
    assertThat(printed(List.of(hostile))).contains("\\u009b2J\\u007f");
  }

  @Test
  void nothingToListIsNoTableAndStillAHeaderForPrograms() {
    assertThat(printed(List.of()).lines()).containsExactly("0 rows");
    assertThat(printed(List.of(), "--json")).isEmpty();
    assertThat(printed(List.of(), "--csv")).startsWith("kind,").hasLineCount(1);
  }

  @Test
  void oneFormAtATime() {
    assertThat(printed(ROWS, "--json", "--csv"))
        .startsWith("exit status 2")
        .contains("mutually exclusive");
  }

  @Test
  void noNameGivesOrdersToATerminal() {
    Row hostile =
        new Row(
            Kind.TAG,
            Optional.empty(),
            DIGEST,
            1,
            true,
            Instant.EPOCH,
            List.of(),
            "a\u001b[2Jb\n\u202ec\u2028d\u200b\u200d\u200c\ufeff\udb40\udc01\ud83d\udc4b");
    assertThat(printed(List.of(hostile)))
        .contains(
            "a\\u001b[2Jb\\u000a\\u202ec\\u2028d\\u200b\u200d\u200c\\ufeff\\udb40\\udc01\ud83d\udc4b")
        .doesNotContain("\u001b", "\u202e", "\u2028");
  }

  private static String shown(Terminal terminal, Row row) {
    StringWriter text = new StringWriter();
    try (TableRows<Row> rows = new TableRows<>(new PrintWriter(text), COLUMNS, terminal)) {
      rows.add(row);
    }
    return text.toString();
  }

  @Test
  void onATerminalTheWidestTextsAreCutToItsWidthAndTheCutIsTold() {
    String longText = "a reason that somebody gave at some length";
    Row row =
        new Row(
            Kind.TAG, Optional.empty(), DIGEST, 7, true, Instant.EPOCH, List.of("v1"), longText);
    assertThat(shown(new Terminal(true, 106, false), row).lines())
        .containsExactly(
            "KIND  DIGEST               PULLED COUNT  LIVE  AT                    TAGS  ACTOR",
            "tag   sha256:2d711642b726             7  yes   1970-01-01T00:00:00Z  v1    a reason"
                + " that somebody gave at\u2026",
            "What ends in \u2026 is cut to fit; --no-trunc shows it whole.");
    assertThat(shown(new Terminal(true, 20, false), row))
        .as("no narrower than can be read")
        .contains("1970-01-01T00:00:00Z", "a reason that somebody gav\u2026");
    for (int width : new int[] {0, 300}) {
      assertThat(shown(new Terminal(true, width, false), row))
          .as("of width %d", width)
          .contains(longText)
          .doesNotContain("\u2026");
    }
    assertThat(shown(new Terminal(true, 300, true), row)).startsWith("\u001b[1mKIND");
  }

  @Test
  void howFarSomethingIsIsALineThatIsDrawnAnewOrOneNowAndThen() {
    StringWriter text = new StringWriter();
    ProgressBar bar = new ProgressBar(new PrintWriter(text), new Terminal(true, 60, false));
    bar.at("events", 1, 4);
    assertThat(text.toString()).as("nothing for what is over at once").isEmpty();
    while (text.toString().isEmpty()) {
      bar.at("events", 2, 4);
    }
    assertThat(text.toString())
        .startsWith("\r\u001b[K[============            ] events: 2 of 4, about ")
        .endsWith("\r")
        .doesNotContain("\n");
    bar.close();
    assertThat(text.toString()).endsWith("\r\u001b[K");
    assertThat(text.toString().replaceAll("[\r\u001b]", "").length()).isLessThanOrEqualTo(62);
  }

  @Test
  void aLongListingGoesOutAsItComes() {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    TableRows<Integer> rows =
        new TableRows<>(out, Columns.of(Integer.class).with("number", n -> n), Terminal.NONE);
    IntStream.range(0, 1_500).forEach(rows::add);
    assertThat(text.toString()).hasLineCount(1_501);
    rows.add(123_456_789);
    rows.close();
    assertThat(text.toString()).endsWith("\n123456789\n").hasLineCount(1_502);
  }

  @Test
  void peopleSeeTheFieldsOfAnEventAndProgramsItsJson() throws Exception {
    JsonNode cause =
        new ObjectMapper()
            .readTree(
                "{\"detail\":\"%s\",\"kind\":\"DIGEST_DELETE\",\"reason\":\"CVE 1\"}"
                    .formatted(DIGEST));
    JsonNode data =
        new ObjectMapper()
            .readTree(
                "{\"added\":true,\"digest\":\"%s\",\"repository\":\"a\",\"tags\":[\"v1\",\"v2\"],\"reason\":\"case 17\",\"size\":\"7\"}"
                    .formatted(DIGEST));
    EventRow event =
        EventRow.of(
            new EventEntry(
                7,
                "ManifestPut",
                Optional.of("a"),
                Instant.EPOCH,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                cause,
                "r",
                data));
    StringWriter table = new StringWriter();
    try (TableRows<EventRow> rows =
        new TableRows<>(new PrintWriter(table), EventRow.TABLE, new Terminal(true, 0, false))) {
      rows.add(event);
    }
    String shortened = DIGEST.toString().substring(0, 19);
    assertThat(table.toString().lines().skip(1))
        .containsExactly(
            "       7  1970-01-01T00:00:00Z  ManifestPut  a           DIGEST_DELETE %s \"CVE 1\"  added=yes digest=%s tags=[\"v1\",\"v2\"] reason=\"case 17\" size=7"
                .formatted(shortened, shortened));
    StringWriter json = new StringWriter();
    try (JsonRows<EventRow> rows = new JsonRows<>(new PrintWriter(json), EventRow.COLUMNS)) {
      rows.add(event);
    }
    JsonNode printed = new ObjectMapper().readTree(json.toString());
    assertThat(printed.get("cause")).isEqualTo(cause);
    assertThat(printed.get("data")).isEqualTo(data);
    StringWriter csv = new StringWriter();
    try (CsvRows<EventRow> rows = new CsvRows<>(new PrintWriter(csv), EventRow.COLUMNS)) {
      rows.add(event);
    }
    List<String> names = List.of(csv.toString().lines().findFirst().orElseThrow().split(","));
    List<String> cells =
        List.of(csv.toString().lines().skip(1).findFirst().orElseThrow().split(",", -1));
    assertThat(cells).hasSameSizeAs(names);
    assertThat(cells.get(names.indexOf("cause.reason"))).isEqualTo("CVE 1");
    assertThat(cells.get(names.indexOf("data.tags"))).isEqualTo("v1 v2");
    assertThat(cells.get(names.indexOf("data.reason"))).isEqualTo("case 17");
    assertThat(cells.get(names.indexOf("data.inputPosition"))).isEmpty();
  }

  @Test
  void onATerminalDigestsMayBeShort() {
    StringWriter text = new StringWriter();
    try (TableRows<Row> rows =
        new TableRows<>(new PrintWriter(text), COLUMNS, new Terminal(true, 0, false))) {
      rows.add(ROWS.getFirst());
    }
    assertThat(text.toString())
        .contains(" " + DIGEST.toString().substring(0, 19) + " ")
        .doesNotContain(DIGEST.toString());
  }
}
