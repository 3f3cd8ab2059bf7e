package dev.stele.server.http;

import dev.stele.event.Identity;
import dev.stele.event.Origin;
import dev.stele.registry.Caller;
import dev.stele.server.http.TrustedProxies.Arrival;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.QuietException;

/** One request and its answer. For the thread that serves the request only. */
public final class Exchange implements AutoCloseable {
  /** The media type of JSON answers. */
  public static final String JSON = "application/json";

  /** The parameter by which a request that writes says why; the header does, too. */
  public static final String REASON = "reason";

  private static final String REASON_HEADER = "X-Stele-Reason";

  /** How long a body may take before its sender's rights are looked at once more. */
  private static final long SOON_NANOS = 1_000_000_000L;

  private static final int DRAIN_SILENTLY = 1 << 20;
  private static final long DRAIN_LIMIT = 64L << 20;
  private static final long DRAIN_NANOS = 5_000_000_000L;

  private final HttpServletRequest request;
  private final HttpServletResponse response;
  private final QueryString query;
  private final long began = System.nanoTime();
  private boolean refused;
  private Access access;
  private Need need = Need.NOTHING;
  private Optional<String> named = Optional.empty();
  private Caller caller;
  private final BodyLimits limits;
  private ClientBody body;
  private final BodyMemory.Held whole;
  private final BodyMemory answers;
  private final Arrival arrival;

  /**
   * @param arrival from where and how the client reached the server
   * @param access what whoever asks may do
   * @param caller whoever asks, authenticated, with the request's id
   * @param limits of the body
   * @param bodies for a body that is kept whole
   * @param answers for an answer that is sent whole
   * @throws RefusedRequestException 400 for a malformed query string, or a reason that is none
   */
  public Exchange(
      HttpServletRequest request,
      HttpServletResponse response,
      Arrival arrival,
      Access access,
      Caller caller,
      BodyLimits limits,
      BodyMemory bodies,
      BodyMemory answers) {
    this(
        request,
        response,
        arrival,
        access,
        limits,
        bodies,
        answers,
        QueryString.parse(request.getQueryString()),
        caller);
    this.caller = because(caller);
  }

  private Exchange(
      HttpServletRequest request,
      HttpServletResponse response,
      Arrival arrival,
      Access access,
      BodyLimits limits,
      BodyMemory bodies,
      BodyMemory answers,
      QueryString query,
      Caller caller) {
    this.request = request;
    this.arrival = arrival;
    this.access = access;
    this.response = response;
    this.limits = limits;
    this.whole = bodies.new Held();
    this.answers = answers;
    this.query = query;
    this.caller = caller;
  }

  /** The caller with the reason that the header or else the parameter gives. */
  private Caller because(Caller someone) {
    Optional<String> said = header(REASON_HEADER).map(Exchange::utf8);
    Optional<String> asked = query.first(REASON).or(() -> query.all(REASON).stream().findFirst());
    Caller reasoned = said.map(why -> because(someone, why)).orElse(someone);
    return asked.map(why -> because(reasoned, why)).orElse(reasoned);
  }

  /**
   * The caller with the reason that the body gives.
   *
   * @throws RefusedRequestException 400 if it is none, or the header or the parameter gives another
   */
  public Caller because(String why) {
    return because(caller, why);
  }

  private static Caller because(Caller someone, String why) {
    if (someone.reason().filter(said -> !said.equals(why)).isPresent()) {
      throw new DistributionError(
              400,
              ErrorCode.REQUEST_INVALID,
              "there are two reasons: give one, as %s, as ?%s= or in the body"
                  .formatted(REASON_HEADER, REASON))
          .asException();
    }
    try {
      return someone.because(Optional.of(why));
    } catch (IllegalArgumentException e) {
      throw new DistributionError(400, ErrorCode.REQUEST_INVALID, e.getMessage()).asException();
    }
  }

  /** Headers are read as ISO 8859-1; what is UTF-8 in truth is taken for that. */
  private static String utf8(String header) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(header.getBytes(StandardCharsets.ISO_8859_1)))
          .toString();
    } catch (CharacterCodingException e) {
      return header; // It is what it looks like.
    }
  }

  /** An exchange for refusing a request about whose sender and parameters nothing is known yet. */
  public static Exchange withoutQuery(
      HttpServletRequest request, HttpServletResponse response, String requestId) {
    return new Exchange(
        request,
        response,
        new Arrival("", "", PathPrefix.NONE, false),
        Access.FULL,
        BodyLimits.NONE,
        new BodyMemory(0),
        new BodyMemory(Long.MAX_VALUE),
        QueryString.parse(""),
        new Caller(Identity.NOBODY, Origin.NONE, requestId));
  }

  // ---- the request

  /** The path as it was sent. */
  public String path() {
    return Optional.ofNullable(request.getRequestURI()).orElse("/");
  }

  public String method() {
    return request.getMethod();
  }

  public boolean isHead() {
    return method().equals("HEAD");
  }

  public Caller caller() {
    return caller;
  }

  /** Below which path the client reached the server. */
  public PathPrefix prefix() {
    return arrival.prefix();
  }

  /** From where and how the client reached the server. */
  public Arrival arrival() {
    return arrival;
  }

  /** The value of a cookie; absent if the client sent none. */
  public Optional<String> cookie(BrowserCookie cookie) {
    return cookie.read(request);
  }

  /**
   * An address of this server as the client knows it.
   *
   * @param path with a slash at its beginning
   */
  public String address(String path) {
    return arrival.prefix() + path;
  }

  /** What the caller may do. */
  public Access access() {
    return access;
  }

  /**
   * Lets the request pass if its sender has what it needs.
   *
   * @param repository what the address names, unchecked
   * @throws RefusedRequestException if not
   */
  public void check(Need need, Optional<String> repository) {
    access.check(need, repository, query);
    this.need = need;
    this.named = repository;
  }

  /** Whether the request would pass by now, too. */
  public boolean stillPasses() {
    return access.stillPasses(need, named, query);
  }

  /**
   * Demands again what the request needs, and has what its sender may do by now count from here on.
   *
   * @throws RefusedRequestException if they have lost it
   */
  public void requireStill() {
    access = access.checkedAgain(need, named, query);
  }

  public QueryString query() {
    return query;
  }

  /**
   * The value of a header that has one, without surrounding space; absent if missing or empty.
   *
   * @throws RefusedRequestException 400 if it says different things, of which one would be ignored
   */
  public Optional<String> header(String name) {
    List<String> said =
        Collections.list(request.getHeaders(name)).stream().map(String::strip).distinct().toList();
    if (said.size() > 1) {
      throw new DistributionError(
              400, ErrorCode.REQUEST_INVALID, name + " must not be given more than once")
          .asException();
    }
    return said.stream().filter(value -> !value.isEmpty()).findFirst();
  }

  /**
   * A header that is a list, whose lines are one list (RFC 9110, section 5.3). Absent only if there
   * is no such line: one that says nothing is not as if it had not been sent.
   */
  public Optional<String> listHeader(String name) {
    List<String> lines = Collections.list(request.getHeaders(name));
    return lines.isEmpty() ? Optional.empty() : Optional.of(String.join(",", lines));
  }

  /**
   * Refuses a write that makes demands which nothing here looks at.
   *
   * @throws RefusedRequestException 400 if there is an If-Match or If-None-Match
   */
  public void refusePreconditions() {
    if (listHeader("If-Match").isPresent() || listHeader("If-None-Match").isPresent()) {
      throw new DistributionError(
              400,
              ErrorCode.REQUEST_INVALID,
              "If-Match and If-None-Match can be demanded of manifests, tags and whole blobs only,"
                  + " not of this")
          .asException();
    }
  }

  /** The declared length of the body in bytes; absent for one that ends when it ends. */
  public OptionalLong contentLength() {
    long length = request.getContentLengthLong();
    if (length >= 0) {
      return OptionalLong.of(length);
    }
    // HTTP/1.1 says so if there is a body whose length it does not; HTTP/2 need not.
    boolean open =
        request.getHeader("Transfer-Encoding") != null
            || !request.getProtocol().startsWith("HTTP/1.");
    return open ? OptionalLong.empty() : OptionalLong.of(0);
  }

  /**
   * The body, as it arrives.
   *
   * @throws RefusedRequestException 413 if it is declared to be too large; one that is not declared
   *     fails when it has become so
   */
  public InputStream body() throws IOException {
    if (contentLength().orElse(0) > limits.size()) {
      throw ClientBody.tooLarge(limits.size()).asException();
    }
    return stream();
  }

  /**
   * All of the body, or what is more than a limit by one byte. It counts as kept until the request
   * is {@linkplain #close answered}.
   *
   * @throws RefusedRequestException 415 if it is encoded: nothing here decodes it, and its bytes
   *     would be taken for what they are not; 429 if other bodies take all the memory that there is
   */
  public byte[] bytes(int limit) throws IOException {
    refuseEncoded();
    return whole.read(body(), limit);
  }

  private void refuseEncoded() {
    String encodings = listHeader("Content-Encoding").orElse("");
    for (String encoding : encodings.split(",", -1)) {
      if (!encoding.isBlank() && !encoding.strip().equalsIgnoreCase("identity")) {
        throw new DistributionError(
                415,
                ErrorCode.UNSUPPORTED,
                "Content-Encoding %s is not supported here: send the body as it is"
                    .formatted(Json.text(encoding.strip())))
            .with("Accept-Encoding", "identity")
            .asException();
      }
    }
  }

  private ClientBody stream() throws IOException {
    if (body == null) {
      body = new ClientBody(request.getInputStream(), limits, contentLength(), this::arrived);
    }
    return body;
  }

  /**
   * Whoever lost what they need while their body was on its way does nothing by it: else a robot
   * could act for as long after its removal as it makes its requests last.
   */
  private void arrived() throws ClientBodyException {
    if (refused || System.nanoTime() - began < SOON_NANOS) {
      return;
    }
    try {
      requireStill();
    } catch (RefusedRequestException e) {
      throw new ClientBodyException(e.error(), null);
    }
  }

  // ---- the answer

  public Exchange status(int status) {
    response.setStatus(status);
    return this;
  }

  public Exchange set(String header, String value) {
    response.setHeader(header, value);
    return this;
  }

  public Exchange add(String header, String value) {
    response.addHeader(header, value);
    return this;
  }

  /** An answer without a body. */
  public void sendEmpty(int status) {
    response.setStatus(status);
    if (status != 204) {
      response.setContentLengthLong(0);
    }
  }

  /**
   * Tells a reader that it has the content. There is no length: the one that the server would add
   * by itself is not that of the content (RFC 9110, section 8.6).
   */
  public void sendNotModified() throws IOException {
    response.setStatus(304);
    response.flushBuffer();
  }

  /** An answer with a JSON body. */
  public void sendJson(int status, Object value) throws IOException {
    sendJson(status, JSON, value);
  }

  /** An answer with a JSON body of a type of its own. */
  public void sendJson(int status, String contentType, Object value) throws IOException {
    sendBytes(status, contentType, Json.bytes(value));
  }

  /**
   * An answer with these bytes; their length alone for HEAD.
   *
   * @throws RefusedRequestException 429 if too much of other answers is not read yet
   */
  public void sendBytes(int status, String contentType, byte[] bytes) throws IOException {
    if (isHead()) {
      OutputStream _ = startBody(status, contentType, bytes.length);
      return;
    }
    try (BodyMemory.Room _ = room(bytes)) {
      startBody(status, contentType, bytes.length).write(bytes);
    }
  }

  /**
   * Room for bytes that are sent, until it is closed: what is sent is in memory until the client
   * takes it.
   *
   * @throws RefusedRequestException 429 if too much of other answers is not read yet, and the
   *     request only asked for something
   */
  public BodyMemory.Room room(byte[] sent) {
    return answers.room(sent, request.getMethod().equals("GET"));
  }

  /** Begins an answer of this many bytes, which the caller writes unless the request is a HEAD. */
  public OutputStream startBody(int status, String contentType, long length) throws IOException {
    response.setStatus(status);
    response.setContentType(contentType);
    response.setContentLengthLong(length);
    return response.getOutputStream();
  }

  /** Begins an answer of unknown length. */
  public OutputStream startStream(int status, String contentType) throws IOException {
    response.setStatus(status);
    response.setContentType(contentType);
    return response.getOutputStream();
  }

  /**
   * Whether the status and headers have gone to the client, so that they cannot change any more.
   */
  public boolean committed() {
    return response.isCommitted();
  }

  /**
   * Ends the answer so that the client sees that it is not whole: cuts the connection or, of
   * HTTP/2, the request's own stream.
   */
  public void abort() {
    ServletContextRequest.getServletContextRequest(request)
        .getServletChannel()
        .abort(new IOException("the answer is not whole"));
  }

  /** Whether something failed only because the client closed its connection or fell silent. */
  public static boolean clientGone(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof EofException || t instanceof QuietException) {
        return true;
      }
    }
    return false;
  }

  /**
   * Answers an error, and reads on for a bounded while what the client is still sending: one that
   * writes its whole body before it reads would otherwise find its connection reset, and never see
   * the answer.
   */
  public void sendError(DistributionError error) throws IOException {
    response.resetBuffer();
    error.headers().forEach(response::setHeader);
    boolean unread = bodyUnread();
    if (!unread) {
      sendJson(error.status(), error.body());
      return;
    }
    OptionalLong length = contentLength();
    if (length.isPresent() && length.getAsLong() <= DRAIN_SILENTLY && drain()) {
      sendJson(error.status(), error.body());
      return;
    }
    response.setHeader("Connection", "close");
    sendJson(error.status(), error.body());
    response.flushBuffer();
    drain();
  }

  private boolean bodyUnread() {
    OptionalLong length = contentLength();
    if (length.isPresent() && length.getAsLong() == 0) {
      return false;
    }
    if (body != null && body.started()) {
      return !body.failed();
    }
    // Reading would invite a client that waits for "100 Continue" to send its body.
    return request.getHeader("Expect") == null;
  }

  /** Reads and forgets the rest of the body, within limits; true if that was all. */
  private boolean drain() {
    refused = true;
    long end = System.nanoTime() + DRAIN_NANOS;
    byte[] buffer = new byte[64 << 10];
    long drained = 0;
    try {
      InputStream rest = stream();
      while (drained < DRAIN_LIMIT && System.nanoTime() < end) {
        int read = rest.read(buffer);
        if (read < 0) {
          return true;
        }
        drained += read;
      }
      return false;
    } catch (IOException e) {
      // The client stopped sending; whether it reads the answer is its affair.
      return false;
    }
  }

  /** Gives back the memory of the body. */
  @Override
  public void close() {
    whole.close();
  }
}
