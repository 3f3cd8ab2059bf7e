package dev.stele.server.config;

import dev.stele.blob.S3Settings;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Keeps blob stores apart: two in one place would take each other's objects for orphans. */
final class StorePlaces {
  private StorePlaces() {}

  /** A problem for each pair of stores of which one is where the other is, or within it. */
  static List<String> problems(Map<String, StoreSettings> stores) {
    Map<String, String> places = new TreeMap<>();
    List<String> problems = new ArrayList<>();
    stores.forEach(
        (name, settings) -> {
          String place = place(settings);
          places.forEach(
              (otherName, other) -> {
                if (place.startsWith(other) || other.startsWith(place)) {
                  problems.add(
                      "stores.%s and stores.%s are in one place: give each a folder, bucket or prefix of its own, none within the other"
                          .formatted(otherName, name));
                }
              });
          places.put(name, place);
        });
    return problems;
  }

  /** A place begins with another one if it is that or within it. */
  private static String place(StoreSettings settings) {
    return switch (settings) {
      case StoreSettings.Disk(Path path) -> real(path) + "/";
      case StoreSettings.S3(S3Settings s3, boolean _) ->
          "%s %s %s".formatted(service(s3.endpoint()), s3.bucket(), s3.prefix());
    };
  }

  /** Without symbolic links, as far as the folders are there. */
  private static Path real(Path path) {
    for (Path there = path; there != null; there = there.getParent()) {
      try {
        return there.toRealPath().resolve(there.relativize(path)).normalize();
      } catch (IOException e) {
        // It is not there yet: the parent tells.
      }
    }
    return path;
  }

  /** However the same service is written. */
  private static String service(URI endpoint) {
    String scheme = endpoint.getScheme().toLowerCase(Locale.ROOT);
    int port = endpoint.getPort() >= 0 ? endpoint.getPort() : scheme.equals("https") ? 443 : 80;
    return endpoint.getHost().toLowerCase(Locale.ROOT) + ":" + port;
  }
}
