package dev.stele.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.ConnectException;
import java.net.HttpURLConnection;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import javax.net.ssl.SSLException;

/**
 * Asks a Stele server over HTTP. With the JDK's old client: the new one takes a second longer to
 * start. For one thread.
 */
final class Client implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration CONNECT = Duration.ofSeconds(10);

  /** After how long people are told what is waited for. */
  private static final Duration SILENCE = Duration.ofSeconds(2);

  static {
    // What changes something is not to be sent a second time behind our back.
    System.setProperty("sun.net.http.retryPost", "false");
  }

  /**
   * Who asks, as headers say it.
   *
   * @param told what a refusal of it is told as
   */
  record Identity(Map<String, String> headers, String told) {
    Identity {
      headers = Map.copyOf(headers);
    }
  }

  /** What a server answered. */
  @SuppressWarnings("ArrayRecordComponent") // read-only
  record Answer(HttpURLConnection connection, byte[] body) {
    String header(String name) {
      return Optional.ofNullable(connection.getHeaderField(name)).orElse("");
    }

    /** A field of the object that it is; missing if it is none. */
    JsonNode field(String name) throws IOException {
      return JSON.readTree(body).path(name);
    }
  }

  private final URI server;
  private final Identity identity;
  private final Duration patience;
  private final boolean here;
  private final Consumer<String> waiting;
  private final AutoCloseable beneath;

  /**
   * A client of a server.
   *
   * @param server without a slash at the end
   * @param patience how long an answer may take to begin; zero: for as long as it likes
   * @param here whether it is on this machine, so that no proxy is between
   * @param waiting is told, by another thread, that an answer takes long to begin
   * @param beneath is closed with this
   */
  Client(
      URI server,
      Identity identity,
      Duration patience,
      boolean here,
      Consumer<String> waiting,
      AutoCloseable beneath) {
    this.server = server;
    this.identity = identity;
    this.patience = patience;
    this.here = here;
    this.waiting = waiting;
    this.beneath = beneath;
  }

  /** Asks for a page, in a form; see {@code format} in the manual. */
  JsonNode ask(Asking asking, String format) throws IOException {
    return json(send(asking.method(), asking.address(format), asking.bytes()));
  }

  /** The page after another; empty at the end. */
  Optional<JsonNode> following(Asking asking, JsonNode page) throws IOException {
    if (!page.has("next")) {
      return Optional.empty();
    }
    String next = page.get("next").asText();
    if (!next.startsWith("/") || next.startsWith("//")) {
      throw strange("its next page is said to be at " + next);
    }
    // The server may be reached below a path, which is a part of both.
    String path = Optional.ofNullable(server.getRawPath()).orElse("");
    String address = next.startsWith(path + "/") ? next.substring(path.length()) : next;
    return Optional.of(json(send(asking.method(), address, asking.bytes())));
  }

  /** Posts an object, without what is null in it; the answer comes in a form. */
  JsonNode post(String address, String format, Map<String, Object> body) throws IOException {
    Map<String, Object> given = new LinkedHashMap<>(body);
    given.values().removeIf(Objects::isNull);
    try {
      return json(send("POST", address + "?format=" + format, JSON.writeValueAsBytes(given)));
    } catch (UnansweredException e) {
      throw failure(
          e.getMessage()
              + "; what was asked may be done, or still go on: see stele events --newest-first"
              + " before you ask again",
          e);
    }
  }

  /** Posts an object; the answer is whatever comes. */
  Answer post(String address, Map<String, Object> body) throws IOException {
    return send("POST", address, JSON.writeValueAsBytes(body));
  }

  /** The server was reached, and what it made of the request is not known. */
  private static final class UnansweredException extends IOException {
    private static final long serialVersionUID = 1;

    private UnansweredException(String message, IOException cause) {
      super(message, cause);
    }
  }

  /** The answer to a GET, whatever it is. */
  Answer get(String address) throws IOException {
    return send("GET", address, new byte[0]);
  }

  private Answer send(String method, String address, byte[] body) throws IOException {
    try {
      return exchange(method, address, body);
    } catch (ConnectException e) {
      throw failure("cannot connect to %s: %s".formatted(server, e.getMessage()), e);
    } catch (UnknownHostException e) {
      throw failure("cannot connect to %s: there is no such host".formatted(server), e);
    } catch (SocketTimeoutException e) {
      throw new UnansweredException(
          "%s was reached and has not answered within %,d s: it hangs or has much to do"
              .formatted(server, patience.toSeconds()),
          e);
    } catch (SSLException e) {
      throw failure(
          "cannot connect to %s by TLS: %s; a certificate that the JDK does not know needs a trust store: STELE_JAVA_OPTS=-Djavax.net.ssl.trustStore=FILE"
              .formatted(server, e.getMessage()),
          e);
    } catch (IOException e) {
      throw new UnansweredException(
          "%s did not answer to the end: %s".formatted(server, e.getMessage()), e);
    }
  }

  private Answer exchange(String method, String address, byte[] body) throws IOException {
    java.net.URL url = URI.create(server + address).toURL();
    HttpURLConnection connection =
        (HttpURLConnection) (here ? url.openConnection(Proxy.NO_PROXY) : url.openConnection());
    connection.setInstanceFollowRedirects(false);
    connection.setConnectTimeout(Math.toIntExact(CONNECT.toMillis()));
    connection.setReadTimeout(Math.toIntExact(patience.toMillis()));
    connection.setRequestMethod(method);
    connection.setRequestProperty("User-Agent", "stele");
    connection.setRequestProperty("Accept", "*/*");
    if (here) {
      // A server that the command is to itself would wait for an idle connection when it stops.
      connection.setRequestProperty("Connection", "close");
    }
    identity.headers().forEach(connection::setRequestProperty);
    if (method.equals("POST")) {
      connection.setDoOutput(true);
      connection.setRequestProperty("Content-Type", "application/json");
    }
    connect(connection);
    if (method.equals("POST")) {
      try (OutputStream out = connection.getOutputStream()) {
        out.write(body);
      }
    }
    int status = status(connection);
    try (InputStream in =
        status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
      Answer answer = new Answer(connection, in == null ? new byte[0] : in.readAllBytes());
      if (status < 300 && !answer.header("Docker-Distribution-API-Version").isEmpty()) {
        return answer;
      }
      throw refused(status, answer);
    }
  }

  private static void connect(HttpURLConnection connection) throws IOException {
    try {
      connection.connect();
    } catch (SocketTimeoutException e) {
      ConnectException told =
          new ConnectException("nothing answers within %,d s".formatted(CONNECT.toSeconds()));
      told.initCause(e);
      throw told;
    }
  }

  private int status(HttpURLConnection connection) throws IOException {
    try (Late _ =
        new Late(SILENCE, () -> waiting.accept("waiting for the server at %s".formatted(server)))) {
      return connection.getResponseCode();
    }
  }

  private RuntimeException refused(int status, Answer answer) {
    JsonNode error = MissingNode.getInstance();
    try {
      error = JSON.readTree(answer.body()).path("errors").path(0);
    } catch (IOException e) {
      // Not ours, which is told below.
    }
    if (status == 401) {
      return new AnsweredException(status, "", identity.told());
    }
    if (error.path("message").isTextual() && status >= 400) {
      String request = status < 500 ? "" : " (request " + answer.header("X-Request-Id") + ")";
      return new AnsweredException(
          status,
          error.path("code").asText(),
          CellText.withoutControls(error.path("message").asText() + request));
    }
    if (status == 429 || status >= 500) {
      return new AnsweredException(
          status,
          "",
          "%s cannot be reached now: what stands before it answered %d".formatted(server, status));
    }
    String location = answer.header("Location");
    return new AnsweredException(
        0,
        "",
        "%s is not a Stele server: it answered %d%s"
            .formatted(server, status, location.isEmpty() ? "" : " and points to " + location));
  }

  private JsonNode json(Answer answer) throws IOException {
    try {
      JsonNode json = JSON.readTree(answer.body());
      if (json.isObject()) {
        return json;
      }
    } catch (JsonProcessingException e) {
      throw strange("no JSON: " + e.getOriginalMessage());
    }
    throw strange("no JSON object");
  }

  private IOException strange(String what) {
    return new IOException(
        "%s is not a Stele server, or one of another version: %s".formatted(server, what));
  }

  private static IOException failure(String message, IOException cause) {
    return new IOException(message, cause);
  }

  @Override
  public void close() throws IOException {
    try {
      beneath.close();
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(e);
    }
  }
}
