package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A receiver of webhooks that refuses, hangs and cuts connections at random, before and after it
 * has taken a message. It checks signature and form of each, as a receiver should. Thread-safe.
 */
final class UnreliableReceiver implements AutoCloseable {
  /** Shared with the server, in the form of its configuration. */
  static final String SECRET = "whsec_c3RlbGUtdGVzdHMtc3RlbGUtdGVzdHMtc3RlbGU=";

  /** What becomes of a message. */
  enum Fate {
    TAKEN("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", true),
    TAKEN_AND_CUT("", true),
    CUT("", false),
    BROKEN("HTTP/1.1 500 Broken\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false),
    BUSY(
        "HTTP/1.1 429 Busy\r\nRetry-After: 1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        false),
    GONE("HTTP/1.1 410 Gone\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false),
    HANGS("", false);

    private final String answer;
    private final boolean taken;

    Fate(String answer, boolean taken) {
      this.answer = answer;
      this.taken = taken;
    }
  }

  private static final List<Fate> FAULTS =
      List.of(Fate.TAKEN_AND_CUT, Fate.CUT, Fate.BROKEN, Fate.BUSY, Fate.HANGS);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ServerSocket socket;
  private final Random random;
  private final List<Long> taken = new CopyOnWriteArrayList<>();
  private final List<String> faults = new CopyOnWriteArrayList<>();
  private volatile int faultPercent;
  private volatile boolean gone;

  /**
   * Starts to listen on a free port.
   *
   * @param faultPercent how many of a hundred messages something goes wrong with
   */
  UnreliableReceiver(long seed, int faultPercent) throws IOException {
    this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.random = new Random(seed);
    this.faultPercent = faultPercent;
    Thread.ofVirtual().start(this::accept);
  }

  /** From now on every message is taken. */
  void recover() {
    faultPercent = 0;
    gone = false;
  }

  /** From now on every message is answered 410. */
  void goAway() {
    gone = true;
  }

  /** The variables that make a server send to it what happens under the name {@code it}. */
  Map<String, String> environment() {
    return Map.of(
        "STELE_WEBHOOKS_IT_URL",
        "http://127.0.0.1:" + socket.getLocalPort() + "/hidden-path",
        "STELE_WEBHOOKS_IT_SECRET",
        SECRET,
        "STELE_WEBHOOKS_IT_TIMEOUT",
        "500ms");
  }

  /** The positions of the events that it has, in the order in which each came first. */
  List<Long> firstTaken() {
    return List.copyOf(new LinkedHashSet<>(taken));
  }

  /** How many messages it took, repeated ones too. */
  int takenCount() {
    return taken.size();
  }

  /** What was wrong with messages that it got. */
  List<String> complaints() {
    return List.copyOf(faults);
  }

  private void accept() {
    while (!socket.isClosed()) {
      try {
        Socket connection = socket.accept();
        Thread.ofVirtual().start(() -> serve(connection));
      } catch (IOException e) {
        // The test is over.
      }
    }
  }

  private void serve(Socket connection) {
    try (connection) {
      InputStream in = connection.getInputStream();
      Map<String, String> headers = headers(in);
      if (headers.isEmpty()) {
        return;
      }
      int length = Integer.parseInt(headers.get("content-length"));
      byte[] body = in.readNBytes(length);
      if (body.length < length) {
        // The sender died before it had said all: not a message.
        return;
      }
      Fate fate = take(headers, body);
      if (fate == Fate.HANGS) {
        // Until the sender gives up.
        while (in.read() >= 0) {}
      }
      connection.getOutputStream().write(fate.answer.getBytes(UTF_8));
    } catch (IOException e) {
      // The sender died, or gave up.
    }
  }

  private synchronized Fate take(Map<String, String> headers, byte[] body) {
    Fate fate =
        gone
            ? Fate.GONE
            : random.nextInt(100) < faultPercent
                ? FAULTS.get(random.nextInt(FAULTS.size()))
                : Fate.TAKEN;
    try {
      JsonNode event = JSON.readTree(body);
      complain(!signature(headers, body).equals(headers.get("webhook-signature")), "signature");
      complain(!headers.get("content-type").equals("application/cloudevents+json"), "media type");
      complain(!event.path("specversion").asText().equals("1.0"), "specversion");
      complain(!event.path("source").asText().startsWith("urn:uuid:"), "source");
      complain(!headers.get("webhook-id").endsWith("_" + event.path("id").asText()), "id");
      complain(
          !event.path("id").asText().equals(event.path("data").path("position").asText()),
          "position");
      if (fate.taken) {
        taken.add(event.path("id").asLong());
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      faults.add(e + " in " + new String(body, UTF_8));
    }
    return fate;
  }

  private void complain(boolean wrong, String what) {
    if (wrong) {
      faults.add(what);
    }
  }

  private static String signature(Map<String, String> headers, byte[] body)
      throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    byte[] key = Base64.getDecoder().decode(SECRET.substring("whsec_".length()));
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    mac.update(
        (headers.get("webhook-id") + "." + headers.get("webhook-timestamp") + ".").getBytes(UTF_8));
    return "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
  }

  private static Map<String, String> headers(InputStream in) throws IOException {
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    while (true) {
      int c = in.read();
      if (c < 0) {
        // The sender died before it had said all: not a message.
        return Map.of();
      }
      if (c == '\n') {
        if (line.isEmpty()) {
          break;
        }
        lines.add(line.toString());
        line.setLength(0);
      } else if (c != '\r') {
        line.append((char) c);
      }
    }
    Map<String, String> headers = new HashMap<>();
    lines.stream()
        .skip(1)
        .forEach(
            each ->
                headers.put(
                    each.substring(0, each.indexOf(':')).toLowerCase(Locale.ROOT),
                    each.substring(each.indexOf(':') + 1).strip()));
    return headers;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
