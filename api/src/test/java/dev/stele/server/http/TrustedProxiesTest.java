package dev.stele.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.server.http.TrustedProxies.Arrival;
import dev.stele.server.http.TrustedProxies.Network;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose word counts for where a client is and how it reached the server. */
class TrustedProxiesTest {
  private static final TrustedProxies PROXIES = trusted("10.0.0.0/8", "127.0.0.1", "fd00::/8");

  private static TrustedProxies trusted(String... networks) {
    return new TrustedProxies(Stream.of(networks).map(Network::parse).toList());
  }

  /** The origin of a request over http to the host "said", with lines of headers. */
  private static Arrival origin(String peer, String... lines) {
    return PROXIES.origin(
        peer,
        "http",
        "said",
        name -> {
          List<String> values = new ArrayList<>();
          for (String line : lines) {
            if (line.startsWith(name + ": ")) {
              values.add(line.substring(name.length() + 2));
            }
          }
          return values;
        });
  }

  @Test
  void aProxyThatIsTrustedSaysHowTheClientCame() {
    assertThat(
            origin(
                "10.1.2.3",
                "X-Forwarded-For: 192.0.2.7",
                "X-Forwarded-Proto: https",
                "X-Forwarded-Host: registry.example:8443"))
        .isEqualTo(
            new Arrival("192.0.2.7", "https://registry.example:8443", PathPrefix.NONE, true));
    assertThat(origin("127.0.0.1", "X-Forwarded-Proto: HTTPS"))
        .isEqualTo(new Arrival("127.0.0.1", "https://said", PathPrefix.NONE, true));
    assertThat(
            origin("10.1.2.3", "Forwarded: For=\"[2001:db8::1]:4711\";Proto=https;host=\"reg:1\""))
        .isEqualTo(new Arrival("2001:db8:0:0:0:0:0:1", "https://reg:1", PathPrefix.NONE, true));
    assertThat(origin("10.1.2.3"))
        .isEqualTo(new Arrival("10.1.2.3", "http://said", PathPrefix.NONE, true));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"192.0.2.1", "11.0.0.1", "127.0.0.2", "::1", "fe00::1", "[fc00::1]", "", "x"})
  void nobodyElseSaysAnything(String peer) {
    assertThat(
            origin(
                peer,
                "X-Forwarded-For: 192.0.2.7",
                "X-Forwarded-Proto: https",
                "X-Forwarded-Host: registry.example",
                "Forwarded: for=192.0.2.8;proto=https"))
        .isEqualTo(new Arrival(peer, "http://said", PathPrefix.NONE, false));
    assertThat(trusted().origin(peer, "https", "said", _ -> List.of("10.0.0.1")))
        .isEqualTo(new Arrival(peer, "https://said", PathPrefix.NONE, false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"10.255.0.1", "::ffff:10.0.0.1", "fd12::1", "[fd12::1]", "[fd12::1%eth-0.1]"})
  void aPeerIsRecognisedHoweverItIsWritten(String peer) {
    assertThat(origin(peer, "X-Forwarded-For: 192.0.2.7").address()).isEqualTo("192.0.2.7");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          192.0.2.7                              | 192.0.2.7
          192.0.2.7:5000                         | 192.0.2.7
          [2001:db8::1]:5000                     | 2001:db8:0:0:0:0:0:1
          [2001:db8::1]                          | 2001:db8:0:0:0:0:0:1
          2001:db8::1                            | 2001:db8:0:0:0:0:0:1
          ::ffff:192.0.2.7                       | 192.0.2.7
          1.1.1.1, 192.0.2.7                     | 192.0.2.7
          127.0.0.1, 192.0.2.7, 10.0.0.2         | 192.0.2.7
          1.1.1.1,192.0.2.7,10.0.0.2,[fd00::1]:1 | 192.0.2.7
          10.0.0.3, 10.0.0.2                     | 10.0.0.3
          1.1.1.1, unknown, 10.0.0.2             | 10.0.0.2
          1.1.1.1, _hidden                       | 10.9.9.9
          1.1.1.1, registry.example              | 10.9.9.9
          1.1.1.1,                               | 10.9.9.9
          1.1.1.1, 192.0.2                       | 10.9.9.9
          1.1.1.1, 192.0.2.700                   | 10.9.9.9
          1.1.1.1, 0x0a000001                    | 10.9.9.9
          1.1.1.1, [::1                          | 10.9.9.9
          1.1.1.1, ::1]:1                        | 10.9.9.9
          1.1.1.1, :::                           | 10.9.9.9
          """)
  void theClientIsTheLastThatIsNoTrustedProxy(String sent, String client) {
    assertThat(origin("10.9.9.9", "X-Forwarded-For: " + sent).address()).isEqualTo(client);
  }

  @Test
  void severalLinesAreOneListInTheirOrder() {
    assertThat(
            origin(
                    "10.9.9.9",
                    "X-Forwarded-For: 1.1.1.1",
                    "X-Forwarded-For: 192.0.2.7",
                    "X-Forwarded-For: 10.0.0.2")
                .address())
        .isEqualTo("192.0.2.7");
    assertThat(origin("10.9.9.9", "Forwarded: for=1.1.1.1", "Forwarded: for=192.0.2.7").address())
        .isEqualTo("192.0.2.7");
  }

  @Test
  void whatAClientSaysItselfIsNotBelieved() {
    assertThat(
            origin(
                "10.9.9.9",
                "X-Forwarded-For: 1.1.1.1, 192.0.2.7",
                "X-Forwarded-Proto: http, https",
                "X-Forwarded-Host: evil.example, registry.example"))
        .isEqualTo(new Arrival("192.0.2.7", "https://registry.example", PathPrefix.NONE, true));
    // A proxy that sets one kind passes the other on.
    assertThat(
            origin(
                "10.9.9.9",
                "Forwarded: for=1.1.1.1;proto=https;host=evil.example",
                "X-Forwarded-For: 192.0.2.7"))
        .isEqualTo(new Arrival("192.0.2.7", "http://said", PathPrefix.NONE, true));
    assertThat(
            origin(
                "10.9.9.9",
                "Forwarded: for=1.1.1.1;proto=http, for=192.0.2.7;proto=https;host=reg"))
        .isEqualTo(new Arrival("192.0.2.7", "https://reg", PathPrefix.NONE, true));
  }

  @Test
  void ofSeveralTrustedProxiesTheOneThatTheClientReachedSaysHow() {
    assertThat(
            origin(
                "10.9.9.9",
                "X-Forwarded-For: 192.0.2.7, 10.0.0.2",
                "X-Forwarded-Proto: https, http",
                "X-Forwarded-Host: registry.example"))
        .isEqualTo(new Arrival("192.0.2.7", "https://registry.example", PathPrefix.NONE, true));
    assertThat(
            origin(
                "10.9.9.9",
                "Forwarded: for=192.0.2.7;proto=https;host=reg, for=10.0.0.2;proto=http;host=in"))
        .isEqualTo(new Arrival("192.0.2.7", "https://reg", PathPrefix.NONE, true));
  }

  /** What a client sends, to which a proxy adds its own. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "for=1.1.1.1;x=\"",
        "for=1.1.1.1;x=\"\\",
        "for=1.1.1.1, x=\"",
        "for=\"1.1.1.1",
        "for=1.1.1.1;x=\"a\"\"",
      })
  void anOpenQuoteDoesNotHideTheProxysWord(String sent) {
    for (String own : List.of("for=192.0.2.7", "for=\"[2001:db8::7]:1\";by=\"x\"")) {
      for (String[] lines :
          new String[][] {
            {"Forwarded: " + sent + ", " + own}, {"Forwarded: " + sent, "Forwarded: " + own}
          }) {
        assertThat(origin("10.9.9.9", lines).address()).isEqualTo("10.9.9.9");
      }
    }
  }

  @Test
  void whatIsNoHostOrSchemeIsAsIfItWereNotSaid() {
    for (String host : List.of("a/b", "a\"", "a b", "", "a:123456", "user@a", "[::1")) {
      assertThat(origin("10.9.9.9", "X-Forwarded-Host: " + host).url()).isEqualTo("http://said");
    }
    for (String scheme : List.of("ftp", "https://", "", "https;", "on")) {
      assertThat(origin("10.9.9.9", "X-Forwarded-Proto: " + scheme).url()).isEqualTo("http://said");
    }
    assertThat(origin("10.9.9.9", "X-Forwarded-Host: [::1]:5000").url())
        .isEqualTo("http://[::1]:5000");
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.0.0.0/8",
    "10.0.0.7, 10.0.0.7",
    "10.0.0.7/32, 10.0.0.7",
    "fd00::/8, fd00:0:0:0:0:0:0:0/8",
    "::1, 0:0:0:0:0:0:0:1",
    "192.168.129.0/17, 192.168.129.0/17",
  })
  void networksAreAddressesAndHowManyBitsOfThemCount(String written, String shown) {
    Network network = Network.parse(written);
    assertThat(network.toString()).isEqualTo(shown);
    assertThat(Network.parse(shown)).isEqualTo(network);
  }

  @Test
  void aNetworkEndsWhereItsBitsDo() {
    TrustedProxies proxies = trusted("192.168.128.0/17");
    for (String inside : List.of("192.168.128.0", "192.168.255.255")) {
      assertThat(proxies.origin(inside, "http", "said", _ -> List.of()).proxied()).isTrue();
    }
    for (String outside : List.of("192.168.127.255", "192.169.128.0", "::c0a8:8000")) {
      assertThat(proxies.origin(outside, "http", "said", _ -> List.of()).proxied()).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "proxy.example",
        "10.0.0",
        "10.0.0.0/33",
        "10.0.0.0/0",
        "::/0",
        "::1/129",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/x",
        "*",
        ""
      })
  void whatIsNoNetworkIsRefused(String text) {
    assertThatThrownBy(() -> Network.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("must have")
        .hasMessageContaining('"' + text + '"');
  }
}
