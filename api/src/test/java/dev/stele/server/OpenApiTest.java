package dev.stele.server;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.merkle.KeyType;
import dev.stele.merkle.SigningKey;
import dev.stele.oci.Digest;
import dev.stele.oci.Sizes;
import dev.stele.oci.TestManifest;
import dev.stele.question.Address;
import dev.stele.question.Question;
import dev.stele.question.Questions;
import dev.stele.registry.LogSigning;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.server.audit.Audit;
import dev.stele.server.audit.CloudEvents;
import dev.stele.server.auth.ServerKey;
import dev.stele.server.auth.TokenAuthority;
import dev.stele.server.config.Configuration;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The server does what its OpenAPI document says. The document's examples are requests about what
 * is pushed here: {@code team/app:v1}, an image with fixed bytes, and one that refers to it.
 */
class OpenApiTest {
  private static final String IMAGE = "application/vnd.oci.image.manifest.v1+json";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final SigningKey KEY = SigningKey.generate("log.example.com", KeyType.ED25519);
  private static final byte[] CONFIG = "{}".getBytes(UTF_8);

  @TempDir private static Path folder;
  private static RegistryOnTestDatabase beneath;
  private static RegistryFixture.Signing signing;
  private static SteleServer server;
  private static final HttpClient CLIENT = HttpClient.newHttpClient();
  private static OpenApiDocument document;

  @BeforeAll
  static void start() throws Exception {
    LogSigning how = new LogSigning(List.of(KEY), folder.resolve("log-checkpoint"));
    beneath =
        new RegistryOnTestDatabase(
            folder.resolve("blobs"), RegistryOptions.DEFAULT.withSigning(how));
    server = beneath.serve();
    Digest config = Sizes.digest(CONFIG);
    send("POST", "/v2/team/app/blobs/uploads/?digest=" + config, CONFIG, "");
    TestManifest image = image(config); // whose digest is in the examples
    send("PUT", "/v2/team/app/manifests/v1", image.bytes(), IMAGE);
    TestManifest signature =
        image(config)
            .artifactType("application/vnd.example.signature")
            .annotation("by", "ann")
            .subject(image.digest());
    send("PUT", "/v2/team/app/manifests/signature", signature.bytes(), IMAGE);
    send("DELETE", "/v2/team/app/manifests/signature", null, "");
    send("PUT", "/v2/team/app/manifests/v1", image.bytes(), IMAGE);
    send(
        "POST",
        "/api/v1/holds",
        """
        {"id": "123e4567-e89b-12d3-a456-426614174000", "repositories": "legal/**", "tag": "v1",
         "freeze": true, "reason": "Case 7"}
        """
            .getBytes(UTF_8),
        "application/json");
    beneath.execute(
        """
        INSERT INTO webhook VALUES ('ci', 1, now(), 2, 'answered 500', now(), now(), false)
        """);
    beneath.execute(
        """
        INSERT INTO approval VALUES ('RELEASE_HOLD', 'legal/**', '123e4567-e89b-12d3-a456-426614174000', 1, now(),
                                     '00000000-0000-0000-0000-000000000000', 2)
        """);
    beneath.execute(
        """
        INSERT INTO record_document (digest, media_type, bytes)
        VALUES (digest_bytes('sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'), 'application/json', '{}')
        """);
    signing = beneath.keepSigning(how);
    while (beneath.registry().signedLog().newest().isEmpty()) {
      Thread.sleep(10);
    }
    beneath.execute("UPDATE checkpoint SET token = 'token', stamped_at = now()");
    // Somebody to be forgotten: the id is the first half of what the opening commits to.
    beneath.execute(
        """
        INSERT INTO actor (id, opening, name)
        VALUES ('7f570d67-64c7-faec-fa8c-46590ed0e95d', '00000000000000000000000000000000{"kind":"USER","name":"gone"}', 'gone')
        """);
    try (InputStream yaml = Audit.class.getResourceAsStream("openapi.yaml")) {
      document = new OpenApiDocument(yaml.readAllBytes());
    }
  }

  @AfterAll
  static void stop() throws Exception {
    signing.close();
    server.close();
    beneath.close();
    CLIENT.close();
  }

  @Test
  void theKeysOfTheLogAndItsPolicyAreLines() throws Exception {
    assertThat(new String(send("GET", "/log/keys", null, "").body(), UTF_8))
        .isEqualTo(KEY.verifier() + "\n");
    assertThat(new String(send("GET", "/log/policy", null, "").body(), UTF_8))
        .isEqualTo("log " + KEY.verifier() + "\nquorum none\n");
  }

  private static TestManifest image(Digest config) {
    return TestManifest.of(IMAGE)
        .config("application/vnd.oci.empty.v1+json", config)
        .list("layers", TestManifest.LAYER);
  }

  private static HttpResponse<byte[]> send(String method, String address, byte[] body, String type)
      throws Exception {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http://" + server.address() + address))
            .method(
                method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofByteArray(body));
    if (!type.isEmpty()) {
      request.header("Content-Type", type);
    }
    return CLIENT.send(request.build(), BodyHandlers.ofByteArray());
  }

  private static HttpResponse<byte[]> send(OpenApiDocument.Operation operation, String address)
      throws Exception {
    if (operation.template().startsWith(Address.ROBOTS)) {
      // What an example makes or ends is as it was before, for the next.
      beneath.execute(
          """
          DELETE FROM robot_key;
          DELETE FROM robot;
          INSERT INTO robot VALUES ('ci', 'Builds', 1, now(), '00000000-0000-0000-0000-000000000000');
          INSERT INTO robot_key
          VALUES ('0a1b2c3d4e5f', 'ci', digest_bytes('sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'), 1, now(), '00000000-0000-0000-0000-000000000000', now() + '1d')
          """);
    }
    if (operation.template().equals(Address.APPROVAL_WITHDRAWAL)) {
      beneath.execute(
          """
          INSERT INTO approval
          SELECT 'RELEASE_HOLD', 'legal/**', '123e4567-e89b-12d3-a456-426614174000', 2, now(), id, 2
          FROM actor WHERE name = 'anonymous'
          ON CONFLICT DO NOTHING
          """);
    }
    if (operation.template().startsWith(Address.SESSIONS)) {
      beneath.execute(
          """
          DELETE FROM session;
          INSERT INTO session
          VALUES ('0a1b2c3d4e5f', digest_bytes('sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a'), repeat('0', 64), '00000000-0000-0000-0000-000000000000', '{corp:ops}', 1, now(), now() + '1d')
          """);
    }
    return send(
        operation.method(),
        address,
        operation.body().map(text -> text.getBytes(UTF_8)).orElse(null),
        operation.bodyType().orElse(""));
  }

  private static void check(OpenApiDocument.Operation operation, String address, boolean succeeds)
      throws Exception {
    HttpResponse<byte[]> answer = send(operation, address);
    String shown = operation.method() + " " + address + "\n" + new String(answer.body(), UTF_8);
    assertThat(answer.statusCode()).as(shown).isLessThan(500);
    if (succeeds) {
      assertThat(answer.statusCode()).as(shown).isBetween(200, 299);
    }
    assertThat(
            operation.problems(
                answer.statusCode(),
                answer.headers().firstValue("Content-Type").orElse(""),
                answer.body()))
        .as(shown)
        .isEmpty();
  }

  @Test
  void everyAddressIsDocumentedAndEveryDocumentedAddressIsThere() {
    assertThat(document.mistakes()).isEmpty();
    try (Audit audit =
        new Audit(
            beneath.engine(),
            beneath.meters(),
            new TokenAuthority(ServerKey.random(), InstantSource.system()),
            new CloudEvents(Optional.empty()),
            Configuration.AuditLimits.DEFAULT,
            1,
            () -> false)) {
      assertThat(document.operations())
          .extracting(operation -> operation.method() + " " + operation.template())
          .containsExactlyInAnyOrderElementsOf(
              audit.routes().stream()
                  .map(route -> route.method() + " " + route.template())
                  .toList());
    }
  }

  @Test
  void theParametersOfEachQuestionAreDocumentedAndNoOthersAreTaken() throws Exception {
    for (Question<?> question : new Questions(beneath.registry()).all()) {
      OpenApiDocument.Operation operation =
          document.operations().stream()
              .filter(each -> each.template().equals(question.address()))
              .filter(each -> !each.bodyType().equals(Optional.of("application/json")))
              .findFirst()
              .orElseThrow();
      Set<String> documented = new TreeSet<>();
      operation.parameters().stream()
          .filter(parameter -> parameter.in().equals("query"))
          .forEach(parameter -> documented.add(parameter.name()));
      assertThat(documented).as(question.address()).contains(Question.FORMAT.name());
      documented.remove(Question.FORMAT.name());
      assertThat(documented).as(question.address()).isEqualTo(question.parameters());
    }
    for (OpenApiDocument.Operation operation : document.operations()) {
      if (!operation.template().startsWith("/api/")) {
        continue;
      }
      String address = operation.address(operation.examples());
      HttpResponse<byte[]> answer =
          send(operation, address + (address.contains("?") ? "&" : "?") + "acter=bob");
      assertThat(answer.statusCode()).as(address).isEqualTo(400);
      assertThat(new String(answer.body(), UTF_8))
          .as(address)
          .contains("there is no parameter \\\"acter\\\" here; ");
    }
    for (String unclear :
        List.of(
            "actor=", "repository=", "actor=ann&actor=bob", "after=0&after=1", "limit=1&limit=2")) {
      HttpResponse<byte[]> answer = send("GET", "/api/v1/events?" + unclear, null, "");
      assertThat(answer.statusCode()).as(unclear).isEqualTo(400);
      assertThat(new String(answer.body(), UTF_8))
          .as(unclear)
          .containsAnyOf("is empty; leave it out", "must not be given more than once");
    }
    assertThat(new String(send("GET", "/api/v1/events?acter=bob", null, "").body(), UTF_8))
        .contains("there are actor, after, before, cause, digest, format, from, limit");
  }

  @Test
  void eachQuestionIsAnsweredAsCsvWithAColumnAField() throws Exception {
    for (Question<?> question : new Questions(beneath.registry()).all()) {
      OpenApiDocument.Operation operation =
          document.operations().stream()
              .filter(each -> each.template().equals(question.address()))
              .filter(each -> !each.bodyType().equals(Optional.of("application/json")))
              .findFirst()
              .orElseThrow();
      Map<String, String> values = operation.examples();
      values.put("format", "csv");
      HttpResponse<byte[]> answer = send(operation, operation.address(values));
      String csv = new String(answer.body(), UTF_8);
      assertThat(answer.statusCode()).as(csv).isEqualTo(200);
      assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("text/csv");
      assertThat(csv.lines().findFirst().orElseThrow().split(",", -1))
          .as(question.address())
          .hasSize(question.columns().size());
      values.put("format", "json");
      JsonNode json = JSON.readTree(send(operation, operation.address(values)).body());
      Set<String> columns = Set.of(csv.lines().findFirst().orElseThrow().split(",", -1));
      Set<String> missing = new TreeSet<>();
      (question.list() ? json.required("items") : JSON.createArrayNode().add(json))
          .forEach(row -> addMissing(missing, columns, "", row));
      assertThat(missing).as(question.address()).isEmpty();
      // Of JSON there is none in a cell, so quotation marks are never doubled before a colon.
      assertThat(csv).as(question.address()).doesNotContain("\"\":").doesNotContain("{\"\"");
    }
    HttpResponse<byte[]> accepted =
        CLIENT.send(
            HttpRequest.newBuilder(
                    URI.create("http://" + server.address() + "/api/v1/events?limit=1"))
                .header("Accept", "text/csv")
                .build(),
            BodyHandlers.ofByteArray());
    assertThat(new String(accepted.body(), UTF_8))
        .startsWith("position,recordedAt,type,actor,actorKind,issuer,origin.address,");
    assertThat(accepted.headers().firstValue("Link").orElse(""))
        .isEqualTo("</api/v1/events?limit=1&after=0>; rel=\"next\"");
    assertThat(send("GET", "/api/v1/events?format=xml", null, "").statusCode()).isEqualTo(400);
  }

  /** Adds the fields without a column, but for lists of objects, which have no place in a cell. */
  private static void addMissing(
      Set<String> missing, Set<String> columns, String prefix, JsonNode object) {
    object
        .properties()
        .forEach(
            field -> {
              String name = prefix + field.getKey();
              JsonNode value = field.getValue();
              if (columns.contains(name)) {
                return;
              }
              if (value.isObject()) {
                addMissing(missing, columns, name + ".", value);
              } else if (!value.isArray() || value.path(0).isValueNode()) {
                missing.add(name);
              }
            });
  }

  @Test
  void ofAHoldTheReasonIsInOneColumn() throws Exception {
    assertThat(
            new String(send("GET", "/api/v1/holds?state=all&format=csv", null, "").body(), UTF_8))
        .startsWith(
            "id,repositories,tag,digest,freeze,reason,placed.at,placed.position,placed.actor,"
                + "released.at,released.position,released.actor,released.reason,released.by\r\n")
        .contains(",legal/**,v1,,true,Case 7,");
  }

  @Test
  void theExamplesAreAnsweredAsDocumented() throws Exception {
    for (OpenApiDocument.Operation operation : document.operations()) {
      check(operation, operation.address(operation.examples()), true);
    }
  }

  @Test
  void noMoreThanTheRequiredParametersIsNeeded() throws Exception {
    for (OpenApiDocument.Operation operation : document.operations()) {
      Map<String, String> values = operation.examples();
      operation.parameters().stream()
          .filter(parameter -> !parameter.required())
          .forEach(parameter -> values.remove(parameter.name()));
      check(operation, operation.address(values), true);
    }
  }

  @Test
  void whatIsWrongWithAParameterIsAnsweredAsDocumented() throws Exception {
    for (OpenApiDocument.Operation operation : document.operations()) {
      for (OpenApiDocument.Parameter parameter : operation.parameters()) {
        for (String wrong : new String[] {"~", "no-such-thing", "p999999999"}) {
          Map<String, String> values = new LinkedHashMap<>(operation.examples());
          values.put(parameter.name(), wrong);
          check(operation, operation.address(values), false);
        }
      }
    }
  }

  @Test
  void whatWouldBeAnsweredWithNothingIsRefused() throws Exception {
    for (OpenApiDocument.Operation operation : document.operations()) {
      List<String> names =
          operation.parameters().stream().map(OpenApiDocument.Parameter::name).toList();
      if (names.contains("limit")) {
        refused(operation, Map.of("limit", "0"), "limit must be at least 1");
      }
      if (names.containsAll(List.of("from", "to"))) {
        refused(
            operation,
            Map.of("from", "p3", "to", "p1"),
            "from (position 3) must not be after to (position 1)");
      }
    }
  }

  private static void refused(
      OpenApiDocument.Operation operation, Map<String, String> wrong, String message)
      throws Exception {
    Map<String, String> values = new LinkedHashMap<>(operation.examples());
    values.putAll(wrong);
    HttpResponse<byte[]> answer = send(operation, operation.address(values));
    String text = new String(answer.body(), UTF_8);
    assertThat(answer.statusCode()).as(operation.address(values) + "\n" + text).isEqualTo(400);
    assertThat(text).contains(message);
  }

  @Test
  void headAnswersAsGetWithoutABody() throws Exception {
    for (OpenApiDocument.Operation operation : document.operations()) {
      if (operation.method().equals("GET")) {
        HttpResponse<byte[]> head = send("HEAD", operation.address(operation.examples()), null, "");
        assertThat(head.statusCode()).as("HEAD %s", operation).isEqualTo(200);
        assertThat(head.body()).isEmpty();
      }
    }
  }

  @Test
  void theServerServesIt() throws Exception {
    HttpResponse<byte[]> answer = send("GET", "/api/v1/openapi.yaml", null, "");
    assertThat(answer.headers().firstValue("Content-Type")).contains("application/yaml");
    assertThat(new OpenApiDocument(answer.body()).operations()).hasSizeGreaterThan(10);
  }

  @Test
  void anAnswerThatIsNotAsDocumentedIsNoticed() throws Exception {
    OpenApiDocument.Operation events =
        document.operations().stream()
            .filter(operation -> operation.template().equals("/api/v1/events"))
            .findFirst()
            .orElseThrow();
    assertThat(events.problems(200, "application/json", "{\"items\":[]}".getBytes(UTF_8)))
        .isEmpty();
    assertThat(events.problems(200, "application/json", "{}".getBytes(UTF_8)))
        .contains("required property 'items'");
    assertThat(events.problems(200, "application/json", "{\"items\":[],\"x\":1}".getBytes(UTF_8)))
        .contains("'x'");
    assertThat(events.problems(200, "application/json", "{\"items\":[{}]}".getBytes(UTF_8)))
        .contains("required property 'position'");
    assertThat(events.problems(200, "text/html", new byte[0])).contains("not documented");
  }
}
