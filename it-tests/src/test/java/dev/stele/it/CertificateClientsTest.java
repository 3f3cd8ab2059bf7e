package dev.stele.it;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A program of containers that has a certificate needs nothing else to sign in. */
class CertificateClientsTest {
  @TempDir private Path folder;

  private Path layout(ImageFixture.Image image) throws Exception {
    Path layout = Files.createTempDirectory(folder, "in");
    ImageFixture.writeLayout(layout, "v1", image.manifest(), image.contents());
    return layout;
  }

  @Test
  void skopeoPushesByItsCertificateUnderAPolicy() throws Exception {
    PrivateAuthority authority = PrivateAuthority.in(folder);
    Path configuration =
        Files.writeString(
            folder.resolve("stele.yaml"),
            """
            tls: {certificate: %s, key: %s, client-ca: %s}
            access:
              rules:
                - {repositories: ["app"], users: ["cert:builder"], may: [pull, push]}
            """
                .formatted(
                    authority.certificate(),
                    authority.key(),
                    authority.folder().resolve("ca.crt")));
    Program skopeo = Program.onPath("skopeo").with("--insecure-policy");
    Path nobody = Files.writeString(folder.resolve("auth.json"), "{}");
    ImageFixture.Image image = ImageFixture.image(18);
    try (SteleProcess server =
        SteleProcess.start(
            folder.resolve("data"),
            Map.of(),
            List.of(),
            List.of("--config", configuration.toString()),
            Optional.of(authority.trusted()))) {
      String name = "docker://localhost:" + server.base().getPort() + "/app:v1";
      String from = "oci:" + layout(image) + ":v1";
      skopeo.run(
          "copy", "--dest-cert-dir", authority.client(), "--dest-authfile", nobody, from, name);
      assertThat(
              skopeo.run(
                  "inspect", "--raw", "--cert-dir", authority.client(), "--authfile", nobody, name))
          .isEqualTo(new String(image.manifest().bytes(), UTF_8));
      assertThatThrownBy(
              () ->
                  skopeo.run(
                      "copy",
                      "--dest-cert-dir",
                      authority.folder(),
                      "--dest-authfile",
                      nobody,
                      from,
                      name))
          .hasMessageContaining("unauthorized");
    }
  }
}
