package dev.stele.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.List;
import java.util.OptionalLong;

/** What Alice does with a registry, all of which must succeed. */
public final class TestClient {
  public static final Caller ALICE = new Caller("alice", "r");

  private TestClient() {}

  public static <T> T ok(Outcome<T> outcome) {
    return outcome.orElseThrow(refusal -> new AssertionError(refusal.toString()));
  }

  private static Digest same(Digest pushed, Digest answered) {
    assertThat(answered).isEqualTo(pushed);
    return answered;
  }

  public static Digest upload(Registry registry, RepositoryName repository, String content)
      throws IOException {
    return upload(registry, repository, content.getBytes(UTF_8));
  }

  /** Uploads a blob, whose size manifests state from here on. */
  public static Digest upload(Registry registry, RepositoryName repository, byte[] content)
      throws IOException {
    return upload(ALICE, registry, repository, content);
  }

  public static Digest upload(
      Caller caller, Registry registry, RepositoryName repository, byte[] content)
      throws IOException {
    Digest digest = Sizes.digest(content);
    Digest answered =
        ok(
            registry.putBlob(
                caller,
                repository,
                digest,
                OptionalLong.of(content.length),
                new ByteArrayInputStream(content)));
    return same(digest, answered);
  }

  /** Puts it by its digest, under these tags. */
  public static Digest put(
      Registry registry, RepositoryName repository, TestManifest manifest, Tag... tags) {
    return same(manifest.digest(), ok(tryPut(registry, repository, manifest, tags)).digest());
  }

  /** The same, which may be refused. */
  public static Outcome<PutManifest> tryPut(
      Registry registry, RepositoryName repository, TestManifest manifest, Tag... tags) {
    return registry.putManifest(
        ALICE,
        repository,
        new Reference.ByDigest(manifest.digest()),
        manifest.mediaType(),
        manifest.bytes(),
        List.of(tags));
  }

  /** Puts it as a client does that knows one tag. */
  public static Digest push(
      Registry registry, RepositoryName repository, Tag tag, TestManifest manifest) {
    return same(manifest.digest(), ok(tryPush(registry, repository, tag, manifest)).digest());
  }

  /** The same, which may be refused. */
  public static Outcome<PutManifest> tryPush(
      Registry registry, RepositoryName repository, Tag tag, TestManifest manifest) {
    return registry.putManifest(
        ALICE, repository, tag, manifest.mediaType(), manifest.bytes(), List.of());
  }
}
