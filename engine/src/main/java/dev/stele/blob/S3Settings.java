package dev.stele.blob;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Where an {@link S3BlobStore} keeps its objects and how it gets there.
 *
 * @param endpoint scheme, host and perhaps port of the S3 service, without a path: {@code
 *     https://s3.eu-central-1.amazonaws.com}, {@code http://minio:9000}; {@code https} for TLS with
 *     the JDK's trust store
 * @param bucket the bucket's name; it must exist
 * @param region what requests are signed for; services that have none usually take {@code
 *     us-east-1}
 * @param credentials the keys; if absent, the first of the {@code AWS_ACCESS_KEY_ID} and {@code
 *     AWS_SECRET_ACCESS_KEY} environment variables, the AWS credentials file and the role of the
 *     machine or container
 * @param pathStyle whether the bucket is named in the path, {@code https://host/bucket/key}, and
 *     not in the host, {@code https://bucket.host/key}; MinIO needs the former, unless configured
 * @param prefix put before the key of every object, empty or ending with '/'; so several stores can
 *     share a bucket
 * @param partMemory the bytes of heap that all running uploads together may hold
 * @param patience how long and how often requests are tried
 */
public record S3Settings(
    URI endpoint,
    String bucket,
    String region,
    Optional<Credentials> credentials,
    boolean pathStyle,
    String prefix,
    long partMemory,
    Patience patience) {

  /** The least {@link #partMemory}: room for one part. */
  public static final long MIN_PART_MEMORY = 16L << 20;

  private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
  private static final Pattern PREFIX = Pattern.compile("(?:[A-Za-z0-9._-]+/)*");
  private static final Pattern REGION = Pattern.compile("[A-Za-z0-9-]+");

  /** A pair of keys. The secret is not in {@link #toString}. */
  public record Credentials(String accessKey, String secretKey) {
    public Credentials {
      if (accessKey.isBlank() || secretKey.isBlank()) {
        throw new IllegalArgumentException(
            "neither the access key nor the secret key may be empty");
      }
    }

    @Override
    public String toString() {
      return "Credentials[accessKey=" + accessKey + "]";
    }
  }

  /**
   * How long and how often a request is tried.
   *
   * @param connectTimeout how long an attempt to connect may take
   * @param readTimeout how long a connection may be silent while an answer is due, or while it
   *     takes no more bytes
   * @param retries how often a request that failed in a way that passes is repeated
   */
  public record Patience(Duration connectTimeout, Duration readTimeout, int retries) {
    public static final Patience DEFAULT =
        new Patience(Duration.ofSeconds(5), Duration.ofSeconds(30), 4);

    public Patience {
      if (!connectTimeout.isPositive() || !readTimeout.isPositive() || retries < 0) {
        throw new IllegalArgumentException("timeouts are longer than nothing, retries 0 or more");
      }
    }
  }

  /** With the usual patience. */
  public S3Settings(
      URI endpoint,
      String bucket,
      String region,
      Optional<Credentials> credentials,
      boolean pathStyle,
      String prefix,
      long partMemory) {
    this(endpoint, bucket, region, credentials, pathStyle, prefix, partMemory, Patience.DEFAULT);
  }

  /**
   * @throws IllegalArgumentException if a value cannot be right; the message says which and why
   */
  public S3Settings {
    String scheme = endpoint.getScheme();
    if (!("http".equals(scheme) || "https".equals(scheme)) || endpoint.getHost() == null) {
      throw new IllegalArgumentException(
          "the endpoint is http://host[:port] or https://host[:port], not " + endpoint);
    }
    String path = endpoint.getRawPath();
    if (!(path == null || path.isEmpty() || path.equals("/"))
        || endpoint.getRawQuery() != null
        || endpoint.getRawUserInfo() != null) {
      throw new IllegalArgumentException(
          "the endpoint has neither path, query nor user: use bucket, prefix and credentials");
    }
    if (!BUCKET.matcher(bucket).matches()) {
      throw new IllegalArgumentException(
          "a bucket has 3 to 63 lower-case letters, digits, dots and dashes, not " + bucket);
    }
    if (!REGION.matcher(region).matches()) {
      throw new IllegalArgumentException("not a region: " + region);
    }
    if (!PREFIX.matcher(prefix).matches() || prefix.length() > 256) {
      throw new IllegalArgumentException(
          "a prefix is made of segments that each end with '/', at most 256 characters in all, not "
              + prefix);
    }
    if (partMemory < MIN_PART_MEMORY) {
      throw new IllegalArgumentException(
          "the part memory is at least %d bytes, not %d".formatted(MIN_PART_MEMORY, partMemory));
    }
  }

  /** A quarter of the heap, the default of {@link #partMemory}. */
  public static long defaultPartMemory() {
    return Math.max(MIN_PART_MEMORY, Runtime.getRuntime().maxMemory() / 4);
  }
}
