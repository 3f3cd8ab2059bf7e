package dev.stele.it;

import com.google.cloud.tools.jib.api.Containerizer;
import com.google.cloud.tools.jib.api.Jib;
import com.google.cloud.tools.jib.api.RegistryImage;
import com.google.cloud.tools.jib.api.buildplan.Platform;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/**
 * Builds an image on a base by jib, in a JVM of its own, since jib trusts whom its JVM trusts.
 * Arguments: the base, the image, the architecture, a file that it adds, a folder for its caches, a
 * user and their password. Prints the digest.
 */
final class JibProgram {
  private JibProgram() {}

  static void main(String[] arguments) throws Exception {
    String user = arguments[5];
    String password = arguments[6];
    Path caches = Path.of(arguments[4]);
    System.out.println(
        Jib.from(RegistryImage.named(arguments[0]).addCredential(user, password))
            .setPlatforms(Set.of(new Platform(arguments[2], "linux")))
            .addLayer(List.of(Path.of(arguments[3])), "/srv")
            .containerize(
                Containerizer.to(RegistryImage.named(arguments[1]).addCredential(user, password))
                    .setBaseImageLayersCache(caches.resolve("base"))
                    .setApplicationLayersCache(caches.resolve("application")))
            .getDigest());
  }
}
