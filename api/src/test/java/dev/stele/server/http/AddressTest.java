package dev.stele.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class AddressTest {
  @Test
  void pathsAreSplitBeforeTheyAreDecoded() {
    assertThat(RawPath.parse("/v2/a/%62/").segments()).containsExactly("v2", "a", "b", "");
    assertThat(RawPath.parse("/v2/%C3%A4").segments()).containsExactly("v2", "ä");
  }

  @Test
  void malformedPathsAreRefused() {
    for (String raw :
        new String[] {
          "",
          "*",
          "v2",
          "/a%",
          "/a%2",
          "/a%zz",
          "/a%00",
          "/a%0a",
          "/a%2Fb",
          "/a%2fb",
          "/..",
          "/a/./b",
          "/%2e%2E/b",
          "/%ff",
          "/%c0%af",
          "/a\u00e4",
          "/%\u0663\u0663"
        }) {
      assertThatExceptionOfType(RefusedRequestException.class)
          .as(raw)
          .isThrownBy(() -> RawPath.parse(raw))
          .satisfies(e -> assertThat(e.error().status()).isEqualTo(400));
    }
  }

  @Test
  void queryParametersKeepTheirOrderAndTheirPluses() {
    QueryString query = QueryString.parse("tag=a&tag=b&type=x%2Fy+json&empty=&bare&&=z");
    assertThat(query.all("tag")).containsExactly("a", "b");
    assertThat(query.first("type")).contains("x/y+json");
    assertThat(query.first("empty")).isEmpty();
    assertThat(query.all("bare")).containsExactly("");
    assertThat(query.all("absent")).isEmpty();
    assertThatExceptionOfType(RefusedRequestException.class)
        .isThrownBy(() -> QueryString.parse("a=%"));
    assertThatExceptionOfType(RefusedRequestException.class)
        .isThrownBy(() -> QueryString.parse("a=%00"));
  }

  @Test
  void pageSizesAreNumbersWithinTheMaximum() {
    assertThat(page("")).isEqualTo(new PageRequest(100, Optional.empty()));
    assertThat(page("n=0&last=x")).isEqualTo(new PageRequest(0, Optional.of("x")));
    assertThat(page("n=99999999999999").size()).isEqualTo(1000);
    for (String bad : new String[] {"n=-1", "n=", "n=1x", "n=%31%20"}) {
      assertThatExceptionOfType(RefusedRequestException.class)
          .as(bad)
          .isThrownBy(() -> page(bad))
          .satisfies(
              e -> assertThat(e.error().code()).isEqualTo(ErrorCode.PAGINATION_NUMBER_INVALID));
    }
  }

  @Test
  void aLinkIsEncoded() {
    Map<String, String> parameters = new LinkedHashMap<>();
    parameters.put("artifactType", "a/b+c d");
    parameters.put("n", "2");
    assertThat(PageRequest.next("/v2/x/tags/list", parameters))
        .isEqualTo("</v2/x/tags/list?artifactType=a%2Fb%2Bc%20d&n=2>; rel=\"next\"");
  }

  private static PageRequest page(String query) {
    return PageRequest.of(QueryString.parse(query), 100, 1000);
  }
}
