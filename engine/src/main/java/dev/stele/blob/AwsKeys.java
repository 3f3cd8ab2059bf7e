package dev.stele.blob;

import io.minio.credentials.AwsConfigProvider;
import io.minio.credentials.AwsEnvironmentProvider;
import io.minio.credentials.Credentials;
import io.minio.credentials.IamAwsProvider;
import io.minio.credentials.Provider;
import java.security.ProviderException;
import java.util.List;
import java.util.Optional;
import okhttp3.OkHttpClient;

/**
 * The keys that AWS tools would find: of the environment, the credentials file, or the role of the
 * machine or container. The library's own chain ends at the first that has none. Thread-safe.
 */
final class AwsKeys implements Provider {
  private final List<Provider> places;
  private volatile Optional<Provider> found = Optional.empty();

  AwsKeys(OkHttpClient http) {
    this.places =
        List.of(
            new AwsEnvironmentProvider(),
            new AwsConfigProvider(null, null),
            new IamAwsProvider(null, http));
  }

  /**
   * The keys, from where they were found first.
   *
   * @throws ProviderException if there are none anywhere
   */
  @Override
  public Credentials fetch() {
    if (found.isPresent()) {
      return found.get().fetch();
    }
    for (Provider place : places) {
      try {
        Credentials keys = place.fetch();
        found = Optional.of(place);
        return keys;
      } catch (RuntimeException _) {
        // Not there; a place that has none throws whatever it happens to.
      }
    }
    throw new ProviderException(
        "it has no keys: set its access-key and secret-key, or AWS_ACCESS_KEY_ID and"
            + " AWS_SECRET_ACCESS_KEY, or give the machine a credentials file or a role");
  }
}
