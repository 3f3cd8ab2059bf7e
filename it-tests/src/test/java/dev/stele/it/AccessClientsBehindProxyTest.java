package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** The same where nginx has the TLS, and the server listens on loopback by HTTP. */
class AccessClientsBehindProxyTest extends AccessClientsTest {
  private Nginx nginx;

  @Override
  String configuration(PrivateAuthority authority) {
    return "http: {proxies: [127.0.0.1]}\n";
  }

  @Override
  int serve(Path folder, PrivateAuthority authority) throws Exception {
    int port = start(folder, Optional.empty());
    nginx = Nginx.before(port, folder.resolve("nginx"), authority);
    return nginx.port();
  }

  @AfterAll
  void stopProxy() throws Exception {
    if (nginx != null) {
      nginx.close();
    }
  }

  @Test
  void theLocalCredentialDoesNotComeThrough() throws Exception {
    assertThat(asLocal()).isEqualTo(401);
  }
}
