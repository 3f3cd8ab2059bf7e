package dev.stele.server.config;

import dev.stele.blob.S3Settings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** What can be said of a store: {@code stores.<name>.<key>}. */
final class StoreKeys {
  /** What a store is made of. */
  enum Type {
    DISK,
    S3
  }

  static final ConfigurationKey<Type> TYPE =
      ConfigurationKey.choice("type", "disk or s3", Type.class, Type.DISK);

  static final ConfigurationKey<Path> PATH =
      ConfigurationKey.path("path", "the folder of a store of type disk");

  static final ConfigurationKey<String> ENDPOINT =
      ConfigurationKey.text(
          "endpoint", "the S3 service, such as https://s3.eu-central-1.amazonaws.com");

  static final ConfigurationKey<String> BUCKET =
      ConfigurationKey.text("bucket", "the bucket, which must exist");

  static final ConfigurationKey<String> REGION =
      ConfigurationKey.text("region", "the bucket's region").withDefault("us-east-1");

  static final ConfigurationKey<String> ACCESS_KEY =
      ConfigurationKey.text("access-key", "the access key; without it, what AWS tools find");

  static final ConfigurationKey<String> SECRET_KEY =
      ConfigurationKey.text("secret-key", "the secret key").asSecret();

  static final ConfigurationKey<Boolean> PATH_STYLE =
      ConfigurationKey.truth("path-style", "whether the bucket is named in the path", true);

  static final ConfigurationKey<String> PREFIX =
      ConfigurationKey.anyText("prefix", "put before every object's key, ending with '/'")
          .withDefault("");

  static final ConfigurationKey<Boolean> REDIRECT =
      ConfigurationKey.truth(
          "redirect", "whether clients get the bytes of blobs from the bucket itself", false);

  static final ConfigurationKey<Duration> CONNECT_TIMEOUT =
      ConfigurationKey.duration(
          "connect-timeout",
          "how long an attempt to connect to the service may take",
          S3Settings.Patience.DEFAULT.connectTimeout(),
          Duration.ofMillis(100),
          Duration.ofMinutes(1));

  static final ConfigurationKey<Duration> READ_TIMEOUT =
      ConfigurationKey.duration(
          "read-timeout",
          "how long the service may be silent while its answer is due",
          S3Settings.Patience.DEFAULT.readTimeout(),
          Duration.ofMillis(100),
          Duration.ofMinutes(10));

  static final ConfigurationKey<Integer> RETRIES =
      ConfigurationKey.number(
          "retries",
          "how often a failed request to the service is repeated",
          S3Settings.Patience.DEFAULT.retries(),
          0,
          20);

  static final List<ConfigurationKey<?>> ALL =
      List.of(
          TYPE,
          PATH,
          ENDPOINT,
          BUCKET,
          REGION,
          ACCESS_KEY,
          SECRET_KEY,
          PATH_STYLE,
          PREFIX,
          REDIRECT,
          CONNECT_TIMEOUT,
          READ_TIMEOUT,
          RETRIES);

  /** Those that a store of type disk has. */
  static final List<ConfigurationKey<?>> OF_DISK = List.of(TYPE, PATH);

  private StoreKeys() {}
}
