package dev.stele.evidence;

import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.merkle.Checkpoint;
import dev.stele.oci.Tag;
import java.io.IOException;
import java.io.Writer;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** Evidence as a page that people read in a browser or print. */
final class EvidenceReport {
  /** Where a store keeps the bytes says nothing to people. */
  private static final Set<String> NOT_TOLD = Set.of("objectKey");

  private final Writer out;

  EvidenceReport(Writer out) {
    this.out = out;
  }

  void begin(
      EvidenceQuestion question, Map<String, String> issued, Checkpoint checkpoint, long count)
      throws IOException {
    out.write(
        """
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <title>Evidence about %1$s</title>
        <style>
        body { font: 10.5pt/1.45 sans-serif; color: #111; max-width: 190mm; margin: 8mm auto; padding: 0 4mm; }
        h1 { font-size: 17pt; } h2 { font-size: 12.5pt; margin-top: 7mm; }
        table { border-collapse: collapse; width: 100%%; }
        th, td { text-align: left; vertical-align: top; padding: 1mm 2.5mm 1mm 0; border-bottom: 0.2mm solid #ccc; overflow-wrap: anywhere; }
        th { font-weight: 600; } .facts th { width: 34mm; } thead { display: table-header-group; } tr { break-inside: avoid; }
        .events { font-size: 8pt; break-before: page; } code { font-size: 92%%; }
        .events th, .events td:nth-child(-n + 3) { white-space: nowrap; } .events td:nth-child(4), .events td:nth-child(5) { min-width: 24mm; }
        @page { size: A4; margin: 14mm; @bottom-left { content: "%2$s"; font-size: 8pt; } @bottom-right { content: counter(page) " / " counter(pages); font-size: 8pt; } } @media print { body { margin: 0; max-width: none; padding: 0; } }
        </style>
        </head>
        <body>
        <h1>Evidence about %1$s</h1>
        """
            .formatted(
                escaped(question.subject()),
                "evidence %s of %s"
                    .formatted(issued.get("position"), checkpoint.origin())
                    .replaceAll("[^A-Za-z0-9 ._/:-]", "?")));
    out.write("<table class=\"facts\">\n");
    fact(
        "Asked for",
        "what the record has about %s, %s".formatted(question.subject(), question.interval()));
    fact("Asked by", who(issued));
    fact(
        "Given at",
        "%s, as event %s of the log%s"
            .formatted(
                issued.get("recordedAt"),
                issued.get("position"),
                issued.get("reason").isEmpty() ? "" : ", because: " + issued.get("reason")));
    fact(
        "Answer",
        number(count)
            + " events"
            + (count == 0
                ? ": nothing is on record of " + question.subject() + " in that time"
                : "")
            + (question.about() == EvidenceQuestion.About.DIGEST ? "; there may be more" : ""));
    fact("Log", checkpoint.origin());
    fact(
        "Signed",
        "%s events, of which the root is %s"
            .formatted(number(checkpoint.size()), checkpoint.root()));
    out.write("</table>\n<h2>What this shows, and by what</h2>\n<ol>\n");
    item(
        "These events are in the log, and say what is told of them here: the hashes of their bytes"
            + " (leaves.jsonl) and of the rest of the log (hashes.txt) make the root that is signed"
            + " (checkpoint).");
    switch (question.about()) {
      case REPOSITORY, TAG ->
          item(
              "None of the repository is left out: each event has the position of the one before it"
                  + " in the repository, from the first that is asked for to one after the last.");
      case LOG -> item("None is left out: the positions have no gap.");
      case DIGEST -> {}
    }
    item(
        question.pseudonymous()
            ? "Who acted is told by a number, the same for the same person: names were left out on"
                + " purpose. Whoever has a name's opening can show that it belongs to a number."
            : "Who acted, and from where, is what was recorded then: each event has a hash of it"
                + " (openings.txt has what that is of). Who was forgotten since, at their wish,"
                + " is told by a number.");
    item("Manifests and policies (folder documents) are those that the events name by digest.");
    out.write("</ol>\n<h2>What this does not show</h2>\n<ul>\n");
    if (question.about() == EvidenceQuestion.About.DIGEST) {
      item(
          "That no event which speaks of the digest is left out. Ask for evidence about the"
              + " repositories to show that.");
    }
    item(
        "That this is the only log: whoever has its keys could sign another one. Compare the"
            + " checkpoint with one that you got earlier or that others keep, or look for the"
            + " signatures of witnesses on it.");
    item(
        "That the times are right: they are those of the registry's clock. Their order is that of"
            + " the positions.");
    item("Who held the password, key or token: only whose it was.");
    if (question.about() != EvidenceQuestion.About.LOG) {
      item(
          "What concerns many repositories at once, such as who may do what, which retention policy"
              + " was adopted, and holds by a pattern of names.");
    }
    out.write(
        "</ul>\n"
            + "<p>To check all of this: <code>java -jar stele-verify.jar --keys FILE BUNDLE</code>,"
            + " where FILE has the keys of the log, got from elsewhere than this bundle.</p>\n");
  }

  void tags(Map<Tag, EvidenceLeaf> tags) throws IOException {
    out.write("<h2>Where tags pointed at the end</h2>\n");
    if (tags.isEmpty()) {
      out.write("<p>There was none.</p>\n");
      return;
    }
    out.write("<table>\n<thead><tr><th>Tag</th><th>Digest</th><th>Since event</th></tr></thead>\n");
    for (Map.Entry<Tag, EvidenceLeaf> tag : tags.entrySet()) {
      cells(
          List.of(
              tag.getKey().value(),
              tag.getValue().json().get("data").get("digest").asText(),
              Long.toString(tag.getValue().position())));
    }
    out.write("</table>\n");
  }

  void events() throws IOException {
    out.write(
        "<table class=\"events\">\n"
            + "<thead><tr><th>Event</th><th>Recorded at (UTC)</th><th>Type</th><th>Who, from"
            + " where</th><th>Why</th><th>What</th></tr></thead>\n");
  }

  void event(Map<String, String> row, JsonNode data) throws IOException {
    cells(
        List.of(
            row.get("position"),
            row.get("recordedAt").replace('T', ' ').replace("Z", ""),
            row.get("type"),
            who(row),
            why(row),
            data.properties().stream()
                .filter(field -> !NOT_TOLD.contains(field.getKey()))
                .map(field -> field.getKey() + ": " + words(field.getValue()))
                .collect(Collectors.joining("; "))));
  }

  /** The same on every machine, since whoever checks makes the page again. */
  private static String number(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  private static String words(JsonNode value) {
    return value.isTextual() ? value.asText() : value.toString();
  }

  private static String why(Map<String, String> row) {
    return words(
        row.get("cause").toLowerCase(Locale.ROOT).replace('_', ' '),
        row.get("causeDetail"),
        row.get("reason").isEmpty() ? "" : "(" + row.get("reason") + ")");
  }

  void end() throws IOException {
    out.write("</table>\n</body>\n</html>\n");
  }

  private static String who(Map<String, String> row) {
    String kind = row.get("actorKind").toLowerCase(Locale.ROOT);
    String actor = row.get("actor");
    return words(
        // A number as long as a hash tells no more than its beginning.
        actor.startsWith("#") ? actor.substring(0, 13) : actor,
        kind.isEmpty() ? "" : "(" + kind + ")",
        row.get("issuer").isEmpty() ? "" : "by " + row.get("issuer"),
        row.get("address").isEmpty() ? "" : "from " + row.get("address"));
  }

  private static String words(String... words) {
    return String.join(" ", List.of(words).stream().filter(word -> !word.isEmpty()).toList());
  }

  private void fact(String name, String value) throws IOException {
    out.write("<tr><th>%s</th><td>%s</td></tr>\n".formatted(escaped(name), escaped(value)));
  }

  private void item(String sentence) throws IOException {
    out.write("<li>" + escaped(sentence) + "</li>\n");
  }

  private void cells(List<String> cells) throws IOException {
    out.write("<tr>");
    for (String cell : cells) {
      out.write("<td>" + escaped(cell) + "</td>");
    }
    out.write("</tr>\n");
  }

  /** Characters that change how others are read, too. */
  private static String escaped(String text) {
    StringBuilder safe = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              switch (c) {
                case '&' -> safe.append("&amp;");
                case '<' -> safe.append("&lt;");
                case '>' -> safe.append("&gt;");
                case '"' -> safe.append("&quot;");
                default -> {
                  int type = Character.getType(c);
                  if (type == Character.CONTROL || type == Character.FORMAT) {
                    safe.append("\\u{").append(Integer.toHexString(c)).append('}');
                  } else {
                    safe.appendCodePoint(c);
                  }
                }
              }
            });
    return safe.toString();
  }
}
