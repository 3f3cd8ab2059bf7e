package dev.stele.server;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.RepositoryName;
import dev.stele.registry.Caller;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** CSV is kept as a file, so nothing of the answer may be missing in it unnoticed. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WholeCsvTest {
  /** More than two pages. */
  private static final int REPOSITORIES = 2_100;

  private final HttpClient client = HttpClient.newHttpClient();
  private RegistryOnTestDatabase beneath;
  private SteleServer server;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    beneath = new RegistryOnTestDatabase(folder.resolve("blobs"));
    server = beneath.serve();
    IntStream.range(0, REPOSITORIES)
        .mapToObj(WholeCsvTest::name)
        .forEach(
            name ->
                beneath
                    .registry()
                    .initialise(new Caller("alice", "r"), RepositoryName.parse(name)));
  }

  @AfterAll
  void stop() throws Exception {
    server.close();
    beneath.close();
    client.close();
  }

  private static String name(int number) {
    return "many/r%04d".formatted(number);
  }

  private HttpResponse<String> ask(String method, String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://" + server.address() + path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .header("Accept", "text/csv")
            .build(),
        BodyHandlers.ofString());
  }

  private static List<String> column(HttpResponse<String> answer, String name) {
    assertThat(answer.statusCode()).isEqualTo(200);
    List<String> lines = answer.body().lines().toList();
    int column = List.of(lines.getFirst().split(",", -1)).indexOf(name);
    return lines.stream()
        .skip(1)
        .map(line -> line.split(",", -1)[column])
        .collect(Collectors.toList());
  }

  @Test
  void withoutALimitItIsTheWholeAnswer() throws Exception {
    HttpResponse<String> events = ask("GET", "/api/v1/events");
    assertThat(column(events, "repository"))
        .isEqualTo(IntStream.range(0, REPOSITORIES).mapToObj(WholeCsvTest::name).toList());
    assertThat(events.headers().firstValue("Link")).isEmpty();
    assertThat(events.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/csv");
    assertThat(column(ask("GET", "/api/v1/repositories"), "repository")).hasSize(REPOSITORIES);
    assertThat(ask("HEAD", "/api/v1/events").statusCode()).isEqualTo(200);
  }

  @Test
  void withALimitItIsAPage() throws Exception {
    HttpResponse<String> page = ask("GET", "/api/v1/events?limit=10");
    assertThat(column(page, "repository")).hasSize(10);
    assertThat(page.headers().firstValue("Link").orElseThrow()).contains("rel=\"next\"");
  }
}
