package dev.stele.server.http;

import jakarta.servlet.http.HttpServletRequest;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;

/**
 * The proxies that are believed when they say from where and how a client reached them: by {@code
 * X-Forwarded-For}, {@code -Proto} and {@code -Host}, or by {@code Forwarded} (RFC 7239) where none
 * of those is there; and by {@code X-Forwarded-Prefix}. Whoever else sends these headers says
 * nothing by them.
 *
 * <p>Each proxy adds to the end of what it was sent, so both are read from the end: the client is
 * the first address that is no trusted proxy's, and whatever stands before it is the client's own
 * word. Immutable and thread-safe.
 */
public record TrustedProxies(List<Network> networks) {
  /** Nobody is believed. */
  public static final TrustedProxies NONE = new TrustedProxies(List.of());

  /** A name or an address, and perhaps a port. */
  private static final Pattern HOST =
      Pattern.compile("([A-Za-z0-9._-]+|\\[[0-9A-Fa-f:.]+])(:[0-9]{1,5})?");

  /** An address in numbers; IPv6 perhaps with a zone, in brackets if there is a port. */
  private static final Pattern ADDRESS =
      Pattern.compile(
          "(?<four>[0-9]+(\\.[0-9]+){3})(:\\w+)?"
              + "|\\[(?<bracketed>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)(%[^]]*)?](:\\w+)?"
              + "|(?<six>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)(%.*)?");

  private static final int LONGEST_ADDRESS = 100;

  public TrustedProxies {
    networks = List.copyOf(networks);
  }

  /** The addresses that begin with so many bits of one. */
  public record Network(InetAddress address, int prefix) {
    /**
     * Reads an address, or a network as {@code 10.0.0.0/8}.
     *
     * @throws IllegalArgumentException whose message continues a key's name
     */
    public static Network parse(String text) {
      int slash = text.indexOf('/');
      InetAddress address =
          literal(slash < 0 ? text : text.substring(0, slash))
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          ("must have addresses or networks, such as 10.0.0.7, 10.0.0.0/8 or"
                                  + " fd00::/8, not \"%s\"")
                              .formatted(text)));
      int most = 8 * address.getAddress().length;
      if (slash < 0) {
        return new Network(address, most);
      }
      String bits = text.substring(slash + 1);
      int prefix = bits.matches("[0-9]{1,3}") ? Integer.parseInt(bits) : 0;
      if (prefix < 1 || prefix > most) {
        throw new IllegalArgumentException(
            "must have between 1 and %d after the / of \"%s\"".formatted(most, text));
      }
      return new Network(address, prefix);
    }

    /** The first so many bits of an address in numbers, the others cleared. */
    static Network of(InetAddress address, int prefix) {
      byte[] bits = address.getAddress();
      for (int i = prefix; i < 8 * bits.length; i++) {
        bits[i / 8] &= (byte) ~(0x80 >> i % 8);
      }
      try {
        return new Network(InetAddress.getByAddress(bits), prefix);
      } catch (UnknownHostException e) {
        throw new IllegalStateException("as many bytes as before", e);
      }
    }

    boolean contains(InetAddress other) {
      byte[] mine = address.getAddress();
      byte[] theirs = other.getAddress();
      if (mine.length != theirs.length) {
        return false;
      }
      for (int i = 0; 8 * i < prefix; i++) {
        int unused = Math.max(0, 8 * (i + 1) - prefix);
        if ((mine[i] & 0xff) >> unused != (theirs[i] & 0xff) >> unused) {
          return false;
        }
      }
      return true;
    }

    @Override
    public String toString() {
      return address.getHostAddress()
          + (prefix == 8 * address.getAddress().length ? "" : "/" + prefix);
    }
  }

  /**
   * From where and how a request came.
   *
   * @param address the client's, in numbers
   * @param url scheme and host by which the client reached the server, such as {@code
   *     https://registry.example}
   * @param prefix below which path the client reached it
   * @param proxied whether a trusted proxy sent it
   */
  public record Arrival(String address, String url, PathPrefix prefix, boolean proxied) {
    /** Where the client reached what is at {@code /} here, without the slash. */
    public String base() {
      return url + prefix;
    }

    /** The same below a path, unless a proxy said below which. */
    public Arrival below(PathPrefix path) {
      return prefix.isNone() ? new Arrival(address, url, path, proxied) : this;
    }
  }

  /** The origin of a request. */
  public Arrival origin(HttpServletRequest request) {
    // In HTTP/2 that is part of the address.
    String host =
        Optional.ofNullable(request.getHeader("Host"))
            .or(
                () ->
                    Optional.ofNullable(
                        ServletContextRequest.getServletContextRequest(request)
                            .getHttpURI()
                            .getAuthority()))
            .filter(TrustedProxies::isHost)
            .orElseGet(() -> request.getLocalName() + ":" + request.getLocalPort());
    return origin(
        request.getRemoteAddr(),
        request.getScheme(),
        host,
        name -> Collections.list(request.getHeaders(name)));
  }

  /**
   * The same.
   *
   * @param peer the address that the connection came from
   * @param headers the lines of a header by its name
   */
  Arrival origin(String peer, String scheme, String host, Function<String, List<String>> headers) {
    Optional<InetAddress> proxy = literal(peer).filter(this::trusts);
    if (proxy.isEmpty()) {
      return new Arrival(peer, scheme + "://" + host, PathPrefix.NONE, false);
    }
    Said said = Said.in(headers);
    InetAddress client = proxy.get();
    int hop = 0;
    while (hop < said.addresses().size()) {
      Optional<InetAddress> before = literal(Said.at(hop, said.addresses()));
      if (before.isEmpty()) {
        break; // A proxy does not tell; what stands before that is not its word.
      }
      client = before.get();
      if (!trusts(client)) {
        break;
      }
      hop++;
    }
    String saidScheme = Said.at(hop, said.schemes()).toLowerCase(Locale.ROOT);
    String saidHost = Said.at(hop, said.hosts());
    return new Arrival(
        client.getHostAddress(),
        (saidScheme.equals("http") || saidScheme.equals("https") ? saidScheme : scheme)
            + "://"
            + (isHost(saidHost) ? saidHost : host),
        PathPrefix.said(Said.at(hop, Said.values(headers.apply("X-Forwarded-Prefix")))),
        true);
  }

  private boolean trusts(InetAddress address) {
    return networks.stream().anyMatch(network -> network.contains(address));
  }

  private static boolean isHost(String text) {
    return HOST.matcher(text).matches();
  }

  /** The network that an address counts as where strangers are many: 24 bits, of IPv6 64. */
  public static String network(String address) {
    return literal(address)
        .map(each -> Network.of(each, each instanceof Inet6Address ? 64 : 24).toString())
        .orElse(address);
  }

  /** An address, perhaps with a port; never a name, which would have to be asked for. */
  private static Optional<InetAddress> literal(String text) {
    if (text.length() > LONGEST_ADDRESS) {
      return Optional.empty();
    }
    Matcher parts = ADDRESS.matcher(text);
    if (!parts.matches()) {
      return Optional.empty();
    }
    String address =
        Stream.of("four", "bracketed", "six")
            .map(parts::group)
            .filter(group -> group != null)
            .findFirst()
            .orElseThrow();
    try {
      return Optional.of(InetAddress.ofLiteral(address));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** What the proxies of a request say, the nearest last. */
  private record Said(List<String> addresses, List<String> schemes, List<String> hosts) {
    static Said in(Function<String, List<String>> headers) {
      Said usual =
          new Said(
              values(headers.apply("X-Forwarded-For")),
              values(headers.apply("X-Forwarded-Proto")),
              values(headers.apply("X-Forwarded-Host")));
      return usual.isEmpty() ? forwarded(String.join(",", headers.apply("Forwarded"))) : usual;
    }

    private boolean isEmpty() {
      return addresses.isEmpty() && schemes.isEmpty() && hosts.isEmpty();
    }

    /** So far from the end; of a list that some proxy did not add to, the first. */
    static String at(int hop, List<String> values) {
      return values.isEmpty() ? "" : values.get(Math.max(0, values.size() - 1 - hop));
    }

    private static List<String> values(List<String> lines) {
      return lines.stream()
          .flatMap(line -> Stream.of(line.split(",", -1)))
          .map(String::strip)
          .toList();
    }

    private static Said forwarded(String header) {
      Said said = new Said(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
      QuotedList elements = QuotedList.split(header, ',');
      // A client that opens a quote and leaves it open would have a proxy's words within its own.
      if (!header.isEmpty() && elements.closed()) {
        for (String element : elements.parts()) {
          Map<String, String> pairs = pairs(element);
          said.addresses.add(pairs.getOrDefault("for", ""));
          said.schemes.add(pairs.getOrDefault("proto", ""));
          said.hosts.add(pairs.getOrDefault("host", ""));
        }
      }
      return said;
    }

    private static Map<String, String> pairs(String element) {
      Map<String, String> pairs = new HashMap<>();
      for (String pair : QuotedList.split(element, ';').parts()) {
        int equals = pair.indexOf('=');
        if (equals > 0) {
          String value = pair.substring(equals + 1);
          boolean quoted = value.length() > 1 && value.startsWith("\"") && value.endsWith("\"");
          pairs.put(
              pair.substring(0, equals).toLowerCase(Locale.ROOT),
              quoted ? value.substring(1, value.length() - 1) : value);
        }
      }
      return pairs;
    }
  }
}
