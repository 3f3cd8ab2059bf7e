package dev.stele.it;

import dev.stele.blob.S3Endpoint;
import dev.stele.database.EmbeddedPostgres;
import dev.stele.database.TestDatabase;
import java.io.IOException;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;

/** One database and one bucket, which several servers share. */
final class SharedStorage implements AutoCloseable {
  static final String BUCKET = "images";

  private final Map<String, String> database;
  private final AutoCloseable closeable;
  private final S3Endpoint endpoint;

  private SharedStorage(Map<String, String> database, AutoCloseable closeable) throws IOException {
    this.database = database;
    this.closeable = closeable;
    this.endpoint = new S3Endpoint();
    endpoint.createBucket(BUCKET);
  }

  /** On a database of its own in the PostgreSQL that the tests have. */
  static SharedStorage open() throws IOException {
    TestDatabase database = TestDatabase.create();
    return new SharedStorage(
        database(database.url(), database.user(), database.password()), database);
  }

  /** On this PostgreSQL, which is closed with it. */
  static SharedStorage on(EmbeddedPostgres postgres) throws IOException {
    return new SharedStorage(
        database(postgres.jdbcUrl(), postgres.user(), postgres.password()), postgres);
  }

  private static Map<String, String> database(String url, String user, String password) {
    return Map.of(
        "STELE_DATABASE_URL", url,
        "STELE_DATABASE_USER", user,
        "STELE_DATABASE_PASSWORD", password);
  }

  /** The variables that make a server keep its blobs in that bucket. */
  static Map<String, String> bucket(URI endpoint) {
    return Map.of(
        "STELE_STORES_DEFAULT_TYPE", "s3",
        "STELE_STORES_DEFAULT_ENDPOINT", endpoint.toString(),
        "STELE_STORES_DEFAULT_BUCKET", BUCKET,
        "STELE_STORES_DEFAULT_ACCESS_KEY", S3Endpoint.CREDENTIALS.accessKey(),
        "STELE_STORES_DEFAULT_SECRET_KEY", S3Endpoint.CREDENTIALS.secretKey());
  }

  /** Where the S3 service is. */
  URI endpoint() {
    return endpoint.uri();
  }

  /** The variables that make a server use this storage. */
  Map<String, String> environment() {
    return environmentVia(endpoint.uri());
  }

  /** The same, with another way to the S3 service. */
  Map<String, String> environmentVia(URI way) {
    Map<String, String> environment = new HashMap<>(database);
    environment.putAll(bucket(way));
    return environment;
  }

  @Override
  public void close() throws Exception {
    try (closeable) {
      endpoint.close();
    }
  }
}
