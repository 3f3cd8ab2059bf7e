package dev.stele.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.Digest.Algorithm;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.Interceptor;
import okhttp3.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How long and how often the bucket is asked is as configured. */
class S3PatienceTest {
  private static final RepositoryName REPOSITORY = RepositoryName.parse("payments/api");

  /** Refuses every request once told so, and counts them. */
  private static final class Refusing implements Interceptor {
    private final AtomicInteger refused = new AtomicInteger();
    private volatile boolean refusing;

    @Override
    public Response intercept(Chain chain) throws IOException {
      assertThat(Duration.ofMillis(chain.connectTimeoutMillis())).isEqualTo(Duration.ofSeconds(17));
      assertThat(Duration.ofMillis(chain.readTimeoutMillis())).isEqualTo(Duration.ofSeconds(18));
      assertThat(Duration.ofMillis(chain.writeTimeoutMillis())).isEqualTo(Duration.ofSeconds(18));
      if (!refusing) {
        return chain.proceed(chain.request());
      }
      refused.incrementAndGet();
      return S3Faults.refusal(chain.request(), 503, "SlowDown");
    }
  }

  private static S3Settings settings(S3Endpoint endpoint, int retries) {
    S3Settings all = endpoint.settings("images");
    return new S3Settings(
        all.endpoint(),
        all.bucket(),
        all.region(),
        all.credentials(),
        all.pathStyle(),
        all.prefix(),
        all.partMemory(),
        new S3Settings.Patience(Duration.ofSeconds(17), Duration.ofSeconds(18), retries));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2})
  void aRequestIsRepeatedAsOftenAsConfigured(int retries) throws Exception {
    try (S3Endpoint endpoint = new S3Endpoint()) {
      endpoint.createBucket("images");
      Refusing refusing = new Refusing();
      try (S3BlobStore store =
          S3BlobStore.open(settings(endpoint, retries), http -> http.addInterceptor(refusing))) {
        refusing.refusing = true;
        assertThatThrownBy(() -> store.begin(REPOSITORY, Algorithm.SHA256))
            .isInstanceOf(IOException.class)
            .hasMessageContaining("SlowDown");
        assertThat(refusing.refused).hasValue(retries + 1);
        refusing.refusing = false;
        assertThat(store.begin(REPOSITORY, Algorithm.SHA256)).isNotNull();
      }
    }
  }

  @Test
  void impossibleValuesAreRefused() {
    assertThatThrownBy(() -> new S3Settings.Patience(Duration.ZERO, Duration.ofSeconds(1), 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(
            () -> new S3Settings.Patience(Duration.ofSeconds(1), Duration.ofSeconds(1), -1))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
