package dev.stele.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PathPrefixTest {
  private static final TrustedProxies PROXIES =
      new TrustedProxies(List.of(TrustedProxies.Network.parse("127.0.0.1")));

  @Test
  void aPathBelowItIsToldFromOneThatOnlyBeginsSo() {
    PathPrefix prefix = PathPrefix.parse("/a/b");
    assertThat(prefix.covers("/a/b/v2/")).isTrue();
    assertThat(prefix.without("/a/b/v2/")).isEqualTo("/v2/");
    assertThat(prefix.covers("/a/b")).isTrue();
    assertThat(prefix.without("/a/b")).isEqualTo("/");
    for (String other : List.of("/a/bc/v2/", "/a", "/v2/a/b/", "/", "")) {
      assertThat(prefix.covers(other)).as(other).isFalse();
      assertThat(PathPrefix.NONE.covers(other)).as(other).isFalse();
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "/",
        "a",
        "/a/",
        "//a",
        "/a//b",
        "/.",
        "/..",
        "/a/..",
        "/a/../b",
        "/a b",
        "/a\"b",
        "/a?b",
        "/a%2Fb",
        "/a\nb",
        "/ä",
        "https://a",
        "/v2",
        "/v2/a",
        "/api",
        "/token",
        "/livez"
      })
  void whatIsNoneIsRefused(String text) {
    assertThatThrownBy(() -> PathPrefix.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void itHas200CharactersAtMost() {
    assertThat(PathPrefix.parse("/" + "a".repeat(199)).value()).hasSize(200);
    assertThatThrownBy(() -> PathPrefix.parse("/" + "a".repeat(200)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private static String said(String peer, String... values) {
    return PROXIES
        .origin(
            peer,
            "http",
            "said",
            name -> Map.of("X-Forwarded-Prefix", List.of(values)).getOrDefault(name, List.of()))
        .base();
  }

  @Test
  void aTrustedProxySaysIt() {
    assertThat(said("127.0.0.1", "/registry")).isEqualTo("http://said/registry");
    assertThat(said("127.0.0.1", "/registry/")).isEqualTo("http://said/registry");
    assertThat(said("127.0.0.1", "/client, /registry")).isEqualTo("http://said/registry");
    assertThat(said("127.0.0.1")).isEqualTo("http://said");
    for (String wrong : List.of("", "/", "//evil.example", "/a\"", "/..", "evil")) {
      assertThat(said("127.0.0.1", wrong)).as(wrong).isEqualTo("http://said");
    }
    assertThat(said("192.0.2.1", "/registry")).isEqualTo("http://said");
  }

  @Test
  void whatAProxySaysOutranksTheAddress() {
    TrustedProxies.Arrival arrival =
        new TrustedProxies.Arrival("192.0.2.1", "http://said", PathPrefix.NONE, true);
    PathPrefix kept = PathPrefix.parse("/kept");
    assertThat(arrival.below(kept).base()).isEqualTo("http://said/kept");
    assertThat(arrival.below(PathPrefix.parse("/said")).below(kept).base())
        .isEqualTo("http://said/said");
  }
}
