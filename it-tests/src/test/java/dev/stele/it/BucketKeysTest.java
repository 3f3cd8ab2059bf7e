package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.S3Endpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where the keys of a bucket come from, and what is said if they are missing or wrong. */
class BucketKeysTest {
  @TempDir private Path folder;
  private S3Endpoint endpoint;

  @BeforeEach
  void start() throws Exception {
    endpoint = new S3Endpoint();
    endpoint.createBucket(SharedStorage.BUCKET);
  }

  @AfterEach
  void stop() throws Exception {
    endpoint.close();
  }

  /** A bucket whose keys are nowhere but, perhaps, in that file. */
  private Map<String, String> environment(Path credentials) {
    Map<String, String> environment = new HashMap<>(SharedStorage.bucket(endpoint.uri()));
    environment.remove("STELE_STORES_DEFAULT_ACCESS_KEY");
    environment.remove("STELE_STORES_DEFAULT_SECRET_KEY");
    environment.put("AWS_SHARED_CREDENTIALS_FILE", credentials.toString());
    // Where the role of a container would be asked for; nothing listens there.
    environment.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:1/");
    return environment;
  }

  private String refusal(Map<String, String> environment) throws Exception {
    SteleProcess.CommandResult refused =
        SteleProcess.run(
            environment,
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--data",
            folder.resolve("data").toString());
    assertThat(refused.exitStatus()).as(refused.output()).isEqualTo(1);
    assertThat(refused.output()).doesNotContain("Exception", S3Endpoint.CREDENTIALS.secretKey());
    return refused.output();
  }

  @Test
  void aCredentialsFileIsFound() throws Exception {
    Path credentials =
        Files.writeString(
            folder.resolve("credentials"),
            """
            [default]
            aws_access_key_id = %s
            aws_secret_access_key = %s
            """
                .formatted(S3Endpoint.CREDENTIALS.accessKey(), S3Endpoint.CREDENTIALS.secretKey()));
    try (SteleProcess server =
        SteleProcess.start(folder.resolve("data"), environment(credentials))) {
      server.client().push("team/app", "v1", ImageFixture.image(1));
      server.stop();
    }
  }

  @Test
  void withoutKeysItSaysWhereToPutThem() throws Exception {
    assertThat(refusal(environment(folder.resolve("nothing"))))
        .contains("has no keys", "access-key and secret-key", "AWS_ACCESS_KEY_ID");
  }

  @Test
  void withAWrongKeyItSaysWhichToCheck() throws Exception {
    Map<String, String> environment = new HashMap<>(SharedStorage.bucket(endpoint.uri()));
    environment.put("STELE_STORES_DEFAULT_SECRET_KEY", "wrong-secret");
    assertThat(refusal(environment)).contains("check the store's secret-key");
  }
}
