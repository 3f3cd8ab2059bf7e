package dev.stele.server.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.policy.InvalidPolicyException;
import dev.stele.policy.PolicyDocument;
import org.junit.jupiter.api.Test;

class PolicyYamlTest {
  @Test
  void aReasonThatMisleadsIsRefusedWhereItIsWrittenAndReadWhereItIsOnRecord() throws Exception {
    for (String reason : new String[] {"\\u200b", "a\\u202eb", "\\u2066"}) {
      String text = "{\"policies\":[],\"reason\":\"" + reason + "\"}";
      assertThatThrownBy(() -> PolicyYaml.read(text))
          .isInstanceOf(InvalidPolicyException.class)
          .hasMessageStartingWith("reason must ");
      assertThat(PolicyDocument.read(text.getBytes(java.nio.charset.StandardCharsets.UTF_8)))
          .isNotNull();
    }
  }
}
