package dev.stele.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.*;
import dev.stele.oci.*;
import dev.stele.projection.*;
import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
import org.junit.jupiter.api.Test;

@SuppressWarnings({"MissingOverride", "FutureReturnValueIgnored"})
class RegistryTest {
  static final class Mem implements BlobStore {
    final Map<ObjectKey, byte[]> m = new ConcurrentHashMap<>();

    public UploadId begin(RepositoryName r, Digest.Algorithm h) {
      return UploadId.random();
    }

    public UploadStatus status(RepositoryName r, UploadId i) {
      throw new UnsupportedOperationException();
    }

    public UploadStatus append(RepositoryName r, UploadId i, Chunk c) {
      throw new UnsupportedOperationException();
    }

    public StoredObject finish(RepositoryName r, UploadId i, Chunk c, Digest d) {
      throw new UnsupportedOperationException();
    }

    public StoredObject put(Digest d, OptionalLong l, InputStream b) throws IOException {
      byte[] x = b.readAllBytes();
      ObjectKey k = new ObjectKey("k" + UUID.randomUUID());
      m.put(k, x);
      return new StoredObject(k, x.length);
    }

    public void cancel(RepositoryName r, UploadId i) {}

    public OptionalLong size(ObjectKey k) {
      return m.containsKey(k) ? OptionalLong.of(m.get(k).length) : OptionalLong.empty();
    }

    public BlobContent open(ObjectKey k) {
      return new ManifestContent(m.get(k));
    }

    public void delete(Collection<ObjectKey> ks) {
      m.keySet().removeAll(ks);
    }

    public Stream<StoredObject> objects() {
      return Stream.empty();
    }

    public Stream<UploadStatus> uploads() {
      return Stream.empty();
    }

    public void probe() {}

    public void close() {}
  }

  static final Caller ALICE = new Caller("alice", "r1");

  static byte[] image(Digest config, Digest layer) {
    return """
    {"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":2},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"%s","size":5}]}
    """
        .formatted(MediaTypes.OCI_IMAGE, config, layer)
        .getBytes(StandardCharsets.UTF_8);
  }

  static Digest blob(Registry r, RepositoryName repo, String s) throws IOException {
    byte[] b = s.getBytes(StandardCharsets.UTF_8);
    Digest d = Digest.of(Digest.Algorithm.SHA256, b);
    r.putBlob(ALICE, repo, d, OptionalLong.of(b.length), new ByteArrayInputStream(b));
    return d;
  }

  @Test
  void smoke() throws Exception {
    Mem mem = new Mem();
    try (RegistryFixture f = new RegistryFixture(mem)) {
      Registry r = f.registry();
      RepositoryName repo = RepositoryName.parse("a/b");
      Digest c = blob(r, repo, "{}"), l = blob(r, repo, "layer");
      byte[] m = image(c, l);
      System.out.println(
          r.putManifest(
              ALICE, repo, Tag.parse("v1"), MediaTypes.OCI_IMAGE, m, List.of(Tag.parse("v2"))));
      System.out.println(
          r.putManifest(ALICE, repo, Tag.parse("v1"), MediaTypes.OCI_IMAGE, m, List.of()));
      System.out.println(r.tags(repo, Optional.empty(), 10));
      System.out.println(r.manifest(repo, Tag.parse("v1")));
      System.out.println(r.mount(ALICE, RepositoryName.parse("x"), l, Optional.of(repo)));
      System.out.println(r.deleteBlob(ALICE, repo, l));
      System.out.println(r.deleteManifest(ALICE, repo, Digest.of(Digest.Algorithm.SHA256, m)));
      System.out.println(r.deleteBlob(ALICE, repo, l));
      System.out.println(r.tagHistory(repo, Tag.parse("v1"), 10, Optional.empty()));
      r.events(-1, 100, EventFilter.ALL).forEach(System.out::println);
      System.out.println(r.verifyProjections());
      assertThat(r.verifyProjections().equal()).isTrue();
      for (int round = 0; round < 3; round++) {
        int threads = 64, each = 20;
        long t = System.nanoTime();
        final int rr = round;
        try (ExecutorService e = Executors.newVirtualThreadPerTaskExecutor()) {
          for (int i = 0; i < threads; i++) {
            int n = i;
            e.submit(
                () -> {
                  for (int k = 0; k < each; k++) {
                    Digest cc = blob(r, repo, "c" + rr + " " + n + " " + k),
                        ll = blob(r, repo, "l" + rr + " " + n + " " + k);
                    r.putManifest(
                        ALICE,
                        repo,
                        Tag.parse("t" + n),
                        MediaTypes.OCI_IMAGE,
                        image(cc, ll),
                        List.of());
                  }
                  return null;
                });
          }
        }
        double s = (System.nanoTime() - t) / 1e9;
        System.out.println(
            "images/s "
                + threads * each / s
                + " batch "
                + f.meters().find("stele.lane.batch.commands").summary().mean()
                + " ms "
                + f.meters().find("stele.lane.batch").timer().mean(TimeUnit.MILLISECONDS));
      }
      long t = System.nanoTime();
      System.out.println(r.verifyProjections());
      System.out.println("verify s " + (System.nanoTime() - t) / 1e9);
    }
  }
}
