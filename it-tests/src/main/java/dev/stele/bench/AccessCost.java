package dev.stele.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.stele.oci.MediaTypes;
import dev.stele.server.auth.UserFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What it costs to know who asks, and whether they may: GET of a manifest by its tag, on 16
 * connections, from a server with users and a policy, in turn with one that has neither. Both are
 * there all the time, and only one is asked at a time.
 */
final class AccessCost {
  private static final int CONNECTIONS = 16;
  private static final int RULES = 50;

  /** How many rounds it takes until the compilers of both have nothing left to do. */
  private static final int WARM_UP = 3;

  private static final String REPOSITORY = "bench/manifests";
  private static final String TAG = "latest";
  private static final String USER = "ann";
  private static final String PASSWORD = "a password of ann";

  private AccessCost() {}

  /**
   * Measures and prints.
   *
   * @param folder an existing one for data, which is empty
   * @param duration of one measurement
   * @param rounds how often each is measured, after a few that do not count
   */
  static void run(Path folder, Duration duration, int rounds, PrintStream out)
      throws IOException, InterruptedException {
    Path users = folder.resolve("users");
    new UserFile(users).add(USER, PASSWORD);
    Path policy = Files.writeString(folder.resolve("stele.yaml"), configuration(users));
    try (RegistryUnderTest open =
            RegistryUnderTest.stele(folder.resolve("open"), List.of(), Map.of());
        RegistryUnderTest guarded =
            RegistryUnderTest.stele(
                folder.resolve("guarded"),
                List.of(),
                Map.of("STELE_CONFIG", policy.toAbsolutePath().toString()))) {
      for (RegistryUnderTest each : List.of(open, guarded)) {
        try (SmallImagePusher pusher = new SmallImagePusher(each)) {
          SmallImagePusher.Image _ = pusher.push(REPOSITORY, TAG);
        }
      }
      Map<String, List<Double>> ratios = new LinkedHashMap<>();
      for (int round = 1 - WARM_UP; round <= rounds; round++) {
        List<String> told = new ArrayList<>();
        for (Map.Entry<String, String> client : headers(guarded).entrySet()) {
          // Whichever comes second may find the machine in another mood.
          boolean first = round % 2 == 0;
          double before = first ? rate(guarded, client.getValue(), duration) : 0;
          double floor = rate(open, "", duration);
          double rate = first ? before : rate(guarded, client.getValue(), duration);
          told.add(
              "%s %,.0f of %,.0f (%.3f)".formatted(client.getKey(), rate, floor, rate / floor));
          if (round > 0) {
            ratios.computeIfAbsent(client.getKey(), _ -> new ArrayList<>()).add(rate / floor);
          }
        }
        out.printf(
            "%s: manifests a second with %d rules, of those of an open server: %s%n",
            round > 0 ? "round " + round : "warm-up", RULES, String.join(", ", told));
      }
      ratios.forEach((client, all) -> out.printf("%s: %.3f, the median%n", client, median(all)));
    }
  }

  private static double median(List<Double> all) {
    List<Double> sorted = all.stream().sorted().toList();
    return (sorted.get((sorted.size() - 1) / 2) + sorted.get(sorted.size() / 2)) / 2;
  }

  /** What each kind of client sends. A token counts for five minutes. */
  private static Map<String, String> headers(RegistryUnderTest guarded) throws IOException {
    String basic =
        "Authorization: Basic "
            + Base64.getEncoder().encodeToString((USER + ":" + PASSWORD).getBytes(UTF_8))
            + "\r\n";
    Map<String, String> headers = new LinkedHashMap<>();
    headers.put("anonymous", "");
    headers.put("password", basic);
    headers.put("token", "Authorization: Bearer " + token(guarded, basic) + "\r\n");
    return headers;
  }

  private static String token(RegistryUnderTest guarded, String basic) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try (HttpConnection connection = guarded.connect()) {
      connection
          .send(
              "GET",
              "/token?service=stele&scope=repository:" + REPOSITORY + ":pull",
              basic,
              new byte[0],
              bytes -> {
                byte[] part = new byte[bytes.remaining()];
                bytes.get(part);
                body.writeBytes(part);
              })
          .expect(200);
    }
    return new ObjectMapper().readTree(body.toByteArray()).path("token").asText();
  }

  private static double rate(RegistryUnderTest registry, String headers, Duration duration)
      throws IOException, InterruptedException {
    String sent = "Accept: " + MediaTypes.OCI_IMAGE + "\r\n" + headers;
    return Latencies.measure(
            registry,
            CONNECTIONS,
            duration,
            (connection, _) ->
                connection.send("GET", "/v2/" + REPOSITORY + "/manifests/" + TAG, sent).expect(200))
        .rate();
  }

  /** The rule that counts is the last of them; each other is about a repository of its own. */
  private static String configuration(Path users) {
    StringBuilder yaml = new StringBuilder();
    yaml.append("htpasswd: ").append(users.toAbsolutePath()).append("\naccess:\n  rules:\n");
    for (int rule = 1; rule < RULES; rule++) {
      yaml.append("    - {repositories: [\"team")
          .append(rule)
          .append("/**\"], users: [ann], may: [pull, push]}\n");
    }
    return yaml.append(
            "    - {repositories: [\"bench/**\"], anonymous: true, may: [pull, push, move-tag]}\n")
        .toString();
  }
}
