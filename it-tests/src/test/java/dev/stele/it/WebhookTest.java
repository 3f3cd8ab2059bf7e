package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Events reach a receiver that fails in every way, from servers that are killed (SIGKILL): nothing
 * is lost, and nothing comes for the first time after a later event.
 *
 * <p>System properties: {@code stele.test.webhook-rounds} (3), kills of the server, and {@code
 * stele.test.webhook-seed} (random, printed).
 */
@Order(SteleProcess.LONG)
class WebhookTest {
  private static final int ROUNDS = Integer.getInteger("stele.test.webhook-rounds", 2);
  private static final long SEED =
      Long.getLong("stele.test.webhook-seed", System.nanoTime() & 0xffffffL);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  @TempDir private Path folder;

  private static void await(BooleanSupplier condition, Supplier<String> what) throws Exception {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as(what).isLessThan(deadline);
      Thread.sleep(20);
    }
  }

  private static List<Long> positions(RegistryClient client) {
    return client.events().stream().map(RecordedEvent::position).toList();
  }

  private static void assertAllDelivered(UnreliableReceiver receiver, RegistryClient client)
      throws Exception {
    receiver.recover();
    await(
        () -> receiver.firstTaken().size() >= positions(client).size(),
        () -> "delivered: " + receiver.firstTaken());
    assertThat(receiver.firstTaken()).isEqualTo(positions(client));
    assertThat(receiver.complaints()).isEmpty();
  }

  private static JsonNode webhook(RegistryClient client) {
    JsonNode webhooks = RegistryClient.json(client.send("GET", "/api/v1/webhooks")).get("items");
    assertThat(webhooks).hasSize(1);
    return webhooks.get(0);
  }

  @Test
  void aServerThatIsKilledGoesOnWhereItStopped() throws Exception {
    System.out.printf(
        "webhook test: -Dstele.test.webhook-rounds=%d -Dstele.test.webhook-seed=%d%n",
        ROUNDS, SEED);
    Random random = new Random(SEED);
    try (UnreliableReceiver receiver = new UnreliableReceiver(SEED, 15)) {
      SteleProcess server = SteleProcess.start(folder.resolve("data"), receiver.environment());
      try {
        for (int round = 0; round < ROUNDS; round++) {
          // Counted first: while this pushes, all may have been delivered.
          int before = receiver.takenCount();
          push(server.client(), round);
          await(() -> receiver.takenCount() > before + 3, server::logTail);
          Thread.sleep(random.nextInt(100));
          server.kill9();
          server = SteleProcess.start(folder.resolve("data"), receiver.environment());
        }
        push(server.client(), ROUNDS);
        assertAllDelivered(receiver, server.client());
        SteleProcess last = server;
        await(
            () -> webhook(last.client()).get("state").asText().equals("current"),
            () -> webhook(last.client()).toString());
        assertThat(webhook(server.client()).get("lag").asLong()).isZero();
        assertThat(server.client().metrics())
            .contains("stele_webhook_lag{webhook=\"it\"} 0.0")
            .contains("stele_webhook_failures{webhook=\"it\"} 0.0")
            .anyMatch(
                line ->
                    line.startsWith(
                        "stele_webhook_deliveries_seconds_count{outcome=\"taken\",webhook=\"it\"}"));
        assertThat(server.logTail())
            .doesNotContain(UnreliableReceiver.SECRET)
            .doesNotContain("hidden-path");
        server.stop();
      } finally {
        server.close();
      }
    }
  }

  private static void push(RegistryClient client, int round) {
    for (int n = 0; n < 5; n++) {
      client.push("hooks/app", "v" + n, SmallImages.image("webhook " + round + " " + n));
    }
  }

  @Test
  void anotherNodeGoesOnWhenTheOneThatLeadsDies() throws Exception {
    try (UnreliableReceiver receiver = new UnreliableReceiver(SEED, 5);
        SharedStorage storage = SharedStorage.open()) {
      Map<String, String> environment = new HashMap<>(storage.environment());
      environment.putAll(receiver.environment());
      try (Nodes nodes = Nodes.start(folder, 2, environment)) {
        await(() -> leads(nodes, 0) != leads(nodes, 1), nodes::logs);
        int leader = leads(nodes, 0) ? 0 : 1;
        RegistryClient other = nodes.node(1 - leader).client();
        AtomicBoolean stop = new AtomicBoolean();
        Thread pusher =
            Thread.ofVirtual()
                .start(
                    () -> {
                      for (int round = 0; !stop.get(); round++) {
                        push(other, round);
                      }
                    });
        await(() -> receiver.takenCount() > 20, nodes::logs);
        nodes.kill9(leader);
        await(() -> leads(nodes, 1 - leader), nodes::logs);
        int before = receiver.takenCount();
        await(() -> receiver.takenCount() > before + 20, nodes::logs);
        nodes.restart(leader);
        stop.set(true);
        pusher.join();
        assertAllDelivered(receiver, other);
        await(
            () ->
                webhook(nodes.node(0).client()).get("lag").asLong() == 0
                    && webhook(nodes.node(1).client()).equals(webhook(nodes.node(0).client())),
            nodes::logs);
        nodes.stop();
      }
    }
  }

  private static boolean leads(Nodes nodes, int number) {
    return nodes.node(number).client().metrics().contains("stele_leading 1.0");
  }

  @Test
  void oneThatIsGoneIsPausedShownAndResumed() throws Exception {
    try (UnreliableReceiver receiver = new UnreliableReceiver(SEED, 0);
        SteleProcess server = SteleProcess.start(folder.resolve("data"), receiver.environment())) {
      RegistryClient client = server.client();
      receiver.goAway();
      push(client, 0);
      await(
          () -> webhook(client).get("state").asText().equals("paused"),
          () -> webhook(client).toString());
      assertThat(webhook(client).get("lastError").asText()).contains("410");
      assertThat(webhook(client).get("address").asText())
          .startsWith("http://127.0.0.1:")
          .endsWith("/...");
      SteleProcess.CommandResult listed = webhooks(server, receiver);
      assertThat(listed.exitStatus()).as(listed.output()).isZero();
      assertThat(listed.output()).containsPattern("it +http://127\\S+/\\.\\.\\. +paused +0 +");
      receiver.recover();
      SteleProcess.CommandResult unknown = webhooks(server, receiver, "resume", "ti");
      assertThat(unknown.exitStatus()).isEqualTo(1);
      assertThat(unknown.output()).contains("there is no webhook ti");
      assertThat(receiver.firstTaken()).isEmpty();
      assertThat(webhooks(server, receiver, "resume", "it").exitStatus()).isZero();
      assertAllDelivered(receiver, client);
      SteleProcess.CommandResult json = webhooks(server, receiver, "--json");
      assertThat(json.output()).contains("\"name\":\"it\"").contains("\"lag\":0");
      server.stop();
    }
  }

  private static SteleProcess.CommandResult webhooks(
      SteleProcess server, UnreliableReceiver receiver, String... arguments) throws Exception {
    String[] command = new String[arguments.length + 3];
    command[0] = "webhooks";
    System.arraycopy(arguments, 0, command, 1, arguments.length);
    command[arguments.length + 1] = "--data";
    command[arguments.length + 2] = server.data().toString();
    return SteleProcess.run(receiver.environment(), command);
  }
}
