package dev.stele.blob;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.stele.oci.Digest;
import dev.stele.oci.Digest.Algorithm;
import java.net.URI;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class S3PartsTest {
  private static final long TIB = 1L << 40;

  @Test
  @DisplayName("10,000 parts carry 5 TiB, also if all that may end early do, and fit in an array")
  void partsCarryTheLargestObject() {
    long total =
        IntStream.rangeClosed(1, PartSizes.MAX_PARTS)
            .mapToLong(
                n -> PartSizes.mayEndEarly(n, PartSizes.LEAST) ? PartSizes.LEAST : PartSizes.of(n))
            .sum();
    assertThat(total).isGreaterThanOrEqualTo(5 * TIB);
    assertThat(IntStream.rangeClosed(1, PartSizes.MAX_PARTS).map(PartSizes::of))
        .isSorted()
        .allSatisfy(size -> assertThat(size).isBetween(PartSizes.LEAST, 2_000_000_000));
  }

  @Property(tries = 200)
  void aStoredHashGoesOnAsTheJdks(
      @ForAll Algorithm algorithm,
      @ForAll @IntRange(max = 1000) int length,
      @ForAll @IntRange(max = 1000) int cut,
      @ForAll long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    int first = Math.min(cut, length);
    BlobHash.Portable begun = BlobHash.Portable.start(algorithm);
    begun.update(bytes, 0, first);
    BlobHash.Portable resumed = BlobHash.Portable.resume(algorithm, begun.encoded());
    resumed.update(bytes, first, length - first);
    assertThat(resumed.digest()).isEqualTo(Digest.of(algorithm, bytes));
  }

  @Test
  @DisplayName("a part larger than the whole part memory is refused with the reason")
  void refusesPartLargerThanMemory() {
    PartMemory memory = new PartMemory(1 << 20);
    assertThatThrownBy(() -> memory.reserve((1 << 20) + 1))
        .isInstanceOf(BlobTooLargeException.class)
        .hasMessageContaining("too large for this server");
  }

  @ParameterizedTest
  @CsvSource({
    "ftp://host, bucket, us-east-1, ''",
    "http://host/path, bucket, us-east-1, ''",
    "http://user:secret@host, bucket, us-east-1, ''",
    "http://host, Bucket, us-east-1, ''",
    "http://host, b/c, us-east-1, ''",
    "http://host, bucket, 'us east', ''",
    "http://host, bucket, us-east-1, no-slash",
    "http://host, bucket, us-east-1, /",
  })
  @DisplayName("30: settings that cannot be right are refused")
  void refusesSettings(String endpoint, String bucket, String region, String prefix) {
    assertThatThrownBy(
            () ->
                new S3Settings(
                    URI.create(endpoint),
                    bucket,
                    region,
                    Optional.empty(),
                    true,
                    prefix,
                    S3Settings.MIN_PART_MEMORY))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  @DisplayName("settings do not show the secret key")
  void hidesSecret() {
    assertThat(new S3Settings.Credentials("access", "hidden")).asString().doesNotContain("hidden");
  }
}
