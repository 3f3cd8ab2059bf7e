package dev.stele.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class CanonicalJsonTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private static String canonical(String json) throws Exception {
    return new String(CanonicalJson.write(JSON.readTree(json)), StandardCharsets.UTF_8);
  }

  @Test
  void sortsKeysByUtf16CodeUnitsAndDropsWhiteSpace() throws Exception {
    // U+FB33 sorts after the surrogates of U+1F600, as RFC 8785 section 3.2.3 demands.
    assertThat(
            canonical(
                "{ \"\\ufb33\":1, \"\\ud83d\\ude00\":2, \"b\" : [ ],"
                    + " \"a\":{\"z\":true,\"y\":null}}"))
        .isEqualTo("{\"a\":{\"y\":null,\"z\":true},\"b\":[],\"\uD83D\uDE00\":2,\"\uFB33\":1}");
  }

  @Test
  void escapesOnlyWhatMustBeEscaped() throws Exception {
    assertThat(canonical("\"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\""))
        .isEqualTo("\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
  }

  @Test
  void refusesFloatsAndIntegersOver53Bits() throws Exception {
    JsonNode real = JSON.readTree("1.5");
    assertThatThrownBy(() -> CanonicalJson.write(real)).hasMessageContaining("1.5");
    JsonNode large = JSON.readTree("9007199254740992");
    assertThatThrownBy(() -> CanonicalJson.write(large)).hasMessageContaining("53 bits");
    assertThat(canonical("9007199254740991")).isEqualTo("9007199254740991");
  }

  @Test
  void refusesLoneSurrogates() throws Exception {
    JsonNode lone = JSON.getNodeFactory().textNode("a\uD800b");
    assertThatThrownBy(() -> CanonicalJson.write(lone)).hasMessageContaining("surrogate");
  }
}
