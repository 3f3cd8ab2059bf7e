package dev.stele.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.question.Address;
import dev.stele.question.Columns;
import dev.stele.question.DigestText;
import dev.stele.server.StartupException;
import dev.stele.server.config.ConfigurationException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code stele manifest}. */
@Command(
    name = "manifest",
    description = "Prints a manifest that was ever put, also after every repository has lost it.",
    mixinStandardHelpOptions = true)
final class ManifestCommand implements Callable<Integer> {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A manifest with what it says. */
  private record Document(String digest, String mediaType, long size, JsonNode document) {
    private static final Columns<Document> COLUMNS =
        Columns.fields(Document.class, Set.of("document"));
  }

  @Spec private CommandSpec spec;
  @Mixin private ServerOptions options;
  @Mixin private RowOutput output;

  @Parameters(
      paramLabel = "DIGEST",
      description = "Such as sha256:..., or its beginning as tables print it.")
  private DigestText text;

  @Option(
      names = "--raw",
      description = "The exact bytes that were put, and nothing else: their hash is the digest.")
  private boolean raw;

  @Override
  public Integer call() throws ConfigurationException, StartupException, IOException {
    PrintWriter out = spec.commandLine().getOut();
    try (Client client = options.connect()) {
      Client.Answer found = client.get(Asking.one(Address.MANIFEST).at("digest", text).address());
      byte[] bytes = found.body();
      if (raw) {
        out.flush();
        System.out.write(bytes);
        System.out.flush();
        return 0;
      }
      String digest = found.header("Docker-Content-Digest");
      String mediaType = CellText.readable(found.header("Content-Type"), false);
      JsonNode document = JSON.readTree(bytes);
      output.print(
          out,
          Document.COLUMNS,
          new Document(digest, mediaType, bytes.length, document),
          "%s%n%s, %,d bytes%n%n%s"
              .formatted(
                  digest,
                  mediaType,
                  bytes.length,
                  JSON.writerWithDefaultPrettyPrinter().writeValueAsString(document)));
      out.flush();
      return 0;
    }
  }
}
