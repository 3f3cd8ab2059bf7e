package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.blob.S3Endpoint;
import dev.stele.oci.Digest;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator sees of a server on a bucket: metrics, the log as JSON, readiness. */
class OperationsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private static Path folder;
  private static S3Endpoint endpoint;
  private static Relay relay;
  private static SteleProcess server;
  private static RegistryClient client;

  @BeforeAll
  static void start() throws Exception {
    endpoint = new S3Endpoint();
    endpoint.createBucket("images");
    relay = new Relay(endpoint.uri());
    server =
        SteleProcess.start(
            folder.resolve("data"),
            Map.of(
                "STELE_STORES_DEFAULT_TYPE", "s3",
                "STELE_STORES_DEFAULT_ENDPOINT", relay.uri().toString(),
                "STELE_STORES_DEFAULT_BUCKET", "images",
                "STELE_STORES_DEFAULT_ACCESS_KEY", S3Endpoint.CREDENTIALS.accessKey(),
                "STELE_STORES_DEFAULT_SECRET_KEY", S3Endpoint.CREDENTIALS.secretKey(),
                "STELE_STORES_DEFAULT_RETRIES", "1",
                "STELE_LOG_FORMAT", "json"),
            // The tests' own configuration of the log would come first.
            "-Dlogback.configurationFile=logback.xml");
    client = server.client();
  }

  @AfterAll
  static void stop() throws IOException, InterruptedException {
    server.close();
    relay.close();
    endpoint.close();
  }

  @Test
  void metricsTellOfEveryEndpointTheLaneTheStoresAndThePool() {
    String name = "unmistakable/name";
    ImageFixture.Image image = ImageFixture.image(21);
    client.push(name, "v1", image);
    Digest layer = image.layers().getFirst().digest();
    String manifest = RegistryClient.manifestPath(name, "v1");
    String upload = client.startUpload(name);
    for (String path :
        List.of(
            "/v2/",
            "/v2/_catalog",
            "/v2/" + name + "/tags/list",
            "/v2/" + name + "/referrers/" + image.manifest().digest(),
            "/v2/" + name + "/_oci/tag-history/v1",
            manifest,
            upload,
            RegistryClient.blobPath(name, layer),
            "/api/v1/events",
            "/api/v1/repositories/" + name + "/-/tags/v1/history",
            "/livez",
            "/readyz",
            "/metrics")) {
      assertThat(client.send("GET", path).statusCode()).as(path).isIn(200, 204);
    }
    client.send("DELETE", upload);
    client.send("DELETE", manifest);
    client.send("GET", "/nowhere/" + name);

    List<String> metrics = client.metrics();
    for (String series :
        List.of(
            request("GET", "/v2/", "200"),
            request("GET", "/v2/_catalog", "200"),
            request("GET", "/v2/{name}/tags/list", "200"),
            request("GET", "/v2/{name}/referrers/{digest}", "200"),
            request("GET", "/v2/{name}/_oci/tag-history/{tag}", "200"),
            request("GET", "/v2/{name}/manifests/{reference}", "200"),
            request("PUT", "/v2/{name}/manifests/{reference}", "201"),
            request("DELETE", "/v2/{name}/manifests/{reference}", "202"),
            request("POST", "/v2/{name}/blobs/uploads/", "202"),
            request("GET", "/v2/{name}/blobs/uploads/{id}", "204"),
            request("DELETE", "/v2/{name}/blobs/uploads/{id}", "204"),
            request("GET", "/v2/{name}/blobs/{digest}", "200"),
            request("GET", "/api/v1/events", "200"),
            request("GET", "/api/v1/repositories/{name}/-/tags/{tag}/history", "200"),
            request("GET", "/livez", "200"),
            request("GET", "/readyz", "200"),
            request("GET", "/metrics", "200"),
            request("GET", "unknown", "404"),
            "stele_http_uploads ",
            "stele_http_uploads_limit ",
            "stele_lane_batch_seconds_count ",
            "stele_lane_queue ",
            store("begin", "ok"),
            store("cancel", "ok"),
            store("open", "ok"),
            store("read", "ok"),
            store("probe", "ok"),
            "stele_store_calls_seconds{operation=\"read\",outcome=\"ok\",store=\"default\",quantile=\"0.99\"}",
            "stele_store_bytes_total{direction=\"read\",store=\"default\"}",
            "stele_store_bytes_total{direction=\"written\",store=\"default\"}",
            "hikaricp_connections_active{pool=\"stele\"}",
            "hikaricp_connections_pending{pool=\"stele\"}",
            "hikaricp_connections_timeout_total{pool=\"stele\"}",
            "jvm_memory_used_bytes{")) {
      assertThat(metrics).as(series).anyMatch(line -> line.startsWith(series));
    }
    assertThat(metrics).noneMatch(line -> line.contains("unmistakable"));
    double read = image.layers().getFirst().bytes().length;
    assertThat(value(metrics, "stele_store_bytes_total{direction=\"read\",store=\"default\"}"))
        .isGreaterThanOrEqualTo(read);
  }

  private static String request(String method, String route, String status) {
    return "stele_http_requests_seconds_count{method=\"%s\",route=\"%s\",status=\"%s\"}"
        .formatted(method, route, status);
  }

  private static String store(String operation, String outcome) {
    return "stele_store_calls_seconds_count{operation=\"%s\",outcome=\"%s\",store=\"default\"}"
        .formatted(operation, outcome);
  }

  private static double value(List<String> metrics, String series) {
    return metrics.stream()
        .filter(line -> line.startsWith(series))
        .map(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theLogIsAJsonObjectALineWithTheRequestsId() throws Exception {
    HttpResponse<byte[]> begun =
        client.send("POST", "/v2/logged/uploads/blobs/uploads/", "X-Request-Id", "log-me.1");
    assertThat(begun.statusCode()).isEqualTo(202);
    List<JsonNode> log = new ArrayList<>();
    for (String line : server.logTail().lines().toList()) {
      // What people see on standard output is no log.
      if (!line.startsWith("Stele listens on ")
          && !line.startsWith("Data is in ")
          && !line.startsWith("No htpasswd: ")
          && !line.startsWith("Try: ")) {
        log.add(JSON.readTree(line));
      }
    }
    assertThat(log)
        .anySatisfy(
            line -> {
              assertThat(line.at("/mdc/requestId").asText()).isEqualTo("log-me.1");
              assertThat(line.get("formattedMessage").asText())
                  .startsWith("POST /v2/logged/uploads/blobs/uploads/ 202 ");
              assertThat(line.get("level").asText()).isEqualTo("INFO");
              assertThat(line.get("loggerName").asText()).endsWith("RequestLog");
              assertThat(line.get("timestamp").asLong()).isPositive();
            });
  }

  @Test
  void whileTheBucketIsAwayClientsAreAskedToTryAgain() throws Exception {
    byte[] bytes = {1, 2, 3};
    Digest digest = client.pushBlob("away/app", bytes);
    String blob = RegistryClient.blobPath("away/app", digest);
    String uploads = RegistryClient.uploads("away/app");
    relay.cut();
    try {
      for (HttpResponse<byte[]> answer :
          List.of(
              client.send("POST", uploads),
              client.send("POST", uploads + "?digest=" + digest, bytes),
              client.send("GET", blob),
              client.send("HEAD", blob))) {
        assertThat(answer.statusCode()).as(answer.request().toString()).isEqualTo(503);
        assertThat(RegistryClient.header(answer, "Retry-After")).isEqualTo("5");
      }
      assertThat(client.send("GET", "/v2/_catalog").statusCode()).isEqualTo(200);
      HttpResponse<byte[]> ready = client.send("GET", "/readyz");
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(new String(ready.body(), StandardCharsets.UTF_8))
          .contains("blob store default cannot be used");
      assertThat(client.send("GET", "/livez").statusCode()).isEqualTo(200);
    } finally {
      relay.restore();
    }
    server.awaitReady();
    assertThat(client.blob("away/app", digest)).isEqualTo(bytes);
    assertThat(client.send("POST", uploads).statusCode()).isEqualTo(202);
    assertThat(client.metrics())
        .anyMatch(line -> line.startsWith(store("begin", "failed")))
        .anyMatch(line -> line.startsWith(store("size", "failed")));
  }
}
