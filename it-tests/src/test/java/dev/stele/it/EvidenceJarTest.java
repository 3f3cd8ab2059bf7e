package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import dev.stele.oci.TestManifest;
import dev.stele.timestamp.TestAuthority;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program that auditors have, alone with a file and the keys. */
class EvidenceJarTest {
  private static final Path JAR = Path.of("../engine/target/stele-verify.jar");

  @TempDir private Path folder;

  private record Said(int status, String output) {}

  private Said verify(Object... arguments) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-jar");
    command.add(JAR.toAbsolutePath().toString());
    for (Object argument : arguments) {
      command.add(argument.toString());
    }
    Process process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Said(process.waitFor(), output);
  }

  private static HttpServer serve(TestAuthority authority) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/tsr",
        exchange -> {
          try (exchange) {
            byte[] answer = authority.answer(exchange.getRequestBody().readAllBytes());
            exchange.getResponseHeaders().set("Content-Type", "application/timestamp-reply");
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
          } catch (IOException e) {
            throw e;
          } catch (Exception e) {
            throw new IOException(e);
          }
        });
    server.start();
    return server;
  }

  private Path certificate(TestAuthority authority) throws Exception {
    return Files.writeString(
        folder.resolve("authorities.pem"),
        "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
            .formatted(
                Base64.getMimeEncoder(64, new byte[] {'\n'})
                    .encodeToString(authority.root().getEncoded())));
  }

  private static void put(SteleProcess server, String tag) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      int status =
          client
              .send(
                  HttpRequest.newBuilder(server.base().resolve("/v2/team/app/manifests/" + tag))
                      .header("Content-Type", "application/vnd.oci.image.index.v1+json")
                      .PUT(BodyPublishers.ofByteArray(TestManifest.emptyIndex(tag).bytes()))
                      .build(),
                  BodyHandlers.discarding())
              .statusCode();
      assertThat(status).isEqualTo(201);
    }
  }

  private String run(Path data, String... arguments) throws Exception {
    List<String> all = new ArrayList<>(List.of(arguments));
    all.addAll(List.of("--data", data.toString()));
    SteleProcess.CommandResult result = SteleProcess.run(all.toArray(String[]::new));
    assertThat(result.exitStatus()).as(result.output()).isZero();
    return result.output();
  }

  private Path changed(Path file, String part, String what, String with) throws IOException {
    Path changed = folder.resolve("changed.zip");
    try (ZipFile zip = new ZipFile(file.toFile());
        ZipOutputStream out = new ZipOutputStream(Files.newOutputStream(changed))) {
      Enumeration<? extends ZipEntry> entries = zip.entries();
      while (entries.hasMoreElements()) {
        ZipEntry entry = entries.nextElement();
        byte[] bytes = zip.getInputStream(entry).readAllBytes();
        out.putNextEntry(new ZipEntry(entry.getName()));
        out.write(
            entry.getName().equals(part)
                ? new String(bytes, UTF_8).replace(what, with).getBytes(UTF_8)
                : bytes);
        out.closeEntry();
      }
    }
    return changed;
  }

  @Test
  void evidenceIsCheckedByTheProgramAlone() throws Exception {
    TestAuthority authority = TestAuthority.create();
    HttpServer tsa = serve(authority);
    Path authorities = certificate(authority);
    Path data = folder.resolve("data");
    Path evidence = folder.resolve("evidence.zip");
    Path proof = folder.resolve("event.tlog-proof");
    Path keys = folder.resolve("keys");
    try (SteleProcess server =
        SteleProcess.start(
            data,
            Map.of(
                "STELE_EVIDENCE_TIME_STAMP_URL",
                "http://127.0.0.1:" + tsa.getAddress().getPort() + "/tsr",
                "STELE_EVIDENCE_TIME_STAMP_TRUSTED",
                authorities.toString()))) {
      put(server, "v1");
      put(server, "v2");
      Files.writeString(keys, run(data, "log", "keys"));
      awaitStamp(server);
      assertThat(run(data, "evidence", "repository", "team/app", "--out", evidence.toString()))
          .contains("bytes. Check it");
      Files.writeString(proof, run(data, "proof", "2"));
    } finally {
      tsa.stop(0);
    }
    Said held = verify("--keys", keys, "--authorities", authorities, evidence);
    assertThat(held.output()).contains("saw the log at", "holds").doesNotContain("WRONG");
    assertThat(held.status()).isZero();
    assertThat(verify("--keys", keys, proof).status()).isZero();

    Said changed =
        verify("--keys", keys, changed(evidence, "answer.csv", "TagMoved", "TagDeleted"));
    assertThat(changed.output()).contains("WRONG  answer.csv says something else than the events");
    assertThat(changed.status()).isEqualTo(1);
    assertThat(verify("--keys", keys, folder.resolve("none.zip")).status()).isEqualTo(2);
    assertThat(verify(evidence).output()).startsWith("Usage:");
    SteleProcess.CommandResult command =
        SteleProcess.run("verify", evidence.toString(), "--keys", keys.toString());
    assertThat(command.output()).contains("holds").doesNotContain("WRONG");
    assertThat(command.exitStatus()).isZero();
  }

  private static void awaitStamp(SteleProcess server) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      HttpRequest request =
          HttpRequest.newBuilder(server.base().resolve("/log/time-stamp")).build();
      while (client.send(request, BodyHandlers.discarding()).statusCode() != 200) {
        Thread.sleep(100);
      }
    }
  }
}
