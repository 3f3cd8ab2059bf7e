package dev.stele.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.datatype.jdk8.Jdk8Module;
import dev.stele.verify.Finding;
import java.io.PrintWriter;
import picocli.CommandLine.Option;

/** How checks print what they find, for people or for programs. */
final class FindingOutput {
  private static final ObjectMapper JSON =
      JsonMapper.builder()
          .addModule(new Jdk8Module())
          .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
          .build();

  @Option(names = "--json", description = "A JSON object a line: each finding, then a summary.")
  private boolean json;

  void finding(PrintWriter out, ProgressBar bar, Finding finding) {
    bar.erase();
    if (json) {
      ObjectNode line = JSON.valueToTree(finding);
      out.println(
          JSON.createObjectNode()
              .put("finding", finding.kind())
              .put("damage", finding.damage())
              .put("what", finding.what())
              .setAll(line));
    } else {
      out.println(
          (finding.damage() ? Terminal.ofOutput().alarm("DAMAGE") + " " : "no damage: ")
              + finding.what());
    }
    out.flush();
  }

  /**
   * @param summary for programs, a record of numbers
   * @param text for people
   */
  void summary(PrintWriter out, Record summary, String text) {
    out.println(
        json ? JSON.createObjectNode().set("summary", JSON.valueToTree(summary)).toString() : text);
    out.flush();
  }
}
