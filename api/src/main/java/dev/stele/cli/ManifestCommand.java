package dev.stele.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.history.History;
import dev.stele.oci.Digest;
import dev.stele.projection.ManifestDocuments;
import dev.stele.server.Inspection;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code stele manifest}. */
@Command(
    name = "manifest",
    description = "Prints a manifest that was ever put, also after every repository has lost it.")
final class ManifestCommand extends PastCommand {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** The columns' row. */
  private record Document(Digest digest, String mediaType, long size, JsonNode document) {}

  private static final Columns<Document> DOCUMENT =
      Columns.of(Document.class)
          .with("digest", Document::digest)
          .with("mediaType", Document::mediaType)
          .with("size", Document::size)
          .with("document", Document::document);

  @Parameters(paramLabel = "DIGEST", description = "Such as sha256:...")
  private Digest digest;

  @Option(
      names = "--raw",
      description = "The exact bytes that were put, and nothing else: their hash is the digest.")
  private boolean raw;

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    ManifestDocuments.Document found =
        history
            .document(digest)
            .orElseThrow(() -> new NotThereException("no manifest " + digest + " was ever put"));
    try {
      if (raw) {
        out.flush();
        System.out.write(found.bytes());
        System.out.flush();
        return;
      }
      JsonNode document = JSON.readTree(found.bytes());
      output()
          .print(
              out,
              DOCUMENT,
              new Document(digest, found.mediaType(), found.bytes().length, document),
              "%s%n%s, %,d bytes%n%n%s"
                  .formatted(digest, found.mediaType(), found.bytes().length, readable(document)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String readable(JsonNode document) throws JsonProcessingException {
    return JSON.writerWithDefaultPrettyPrinter().writeValueAsString(document);
  }
}
