package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import java.io.UncheckedIOException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * What the clients of a crash test were told: everything that was answered 201, and what was on its
 * way when no answer came. A registry may have done the latter or not; it must have done the
 * former. Safe for use by several threads.
 */
final class AcknowledgedPushes {
  /** A blob or manifest in a repository. */
  record Item(String repository, Digest digest) {}

  private record TagName(String repository, String tag) {}

  /** Where a tag may point: to the last put that was acknowledged, or to a later one in doubt. */
  private static final class TagState {
    private Digest acknowledged;
    private final Set<Digest> inDoubt = new HashSet<>();
  }

  private final List<Item> blobs = new ArrayList<>();
  private final List<Item> blobsInDoubt = new ArrayList<>();
  private final List<Item> manifests = new ArrayList<>();
  private final Map<TagName, TagState> tags =
      new TreeMap<>((a, b) -> (a.repository + ':' + a.tag).compareTo(b.repository + ':' + b.tag));

  /** What was put since the last check. */
  private final Set<TagName> touched = new HashSet<>();

  private int checkedBlobs;
  private int checkedManifests;

  synchronized void blobStarts(String repository, Digest digest) {
    blobsInDoubt.add(new Item(repository, digest));
  }

  synchronized void blobAcknowledged(String repository, Digest digest) {
    blobsInDoubt.remove(new Item(repository, digest));
    blobs.add(new Item(repository, digest));
  }

  synchronized void tagStarts(String repository, String tag, Digest manifest) {
    TagName name = new TagName(repository, tag);
    tags.computeIfAbsent(name, _ -> new TagState()).inDoubt.add(manifest);
    touched.add(name);
  }

  /** A tag is put by one client at a time, so an answer settles what was in doubt before. */
  synchronized void tagAcknowledged(String repository, String tag, Digest manifest) {
    TagState state = tags.get(new TagName(repository, tag));
    state.acknowledged = manifest;
    state.inDoubt.clear();
    manifests.add(new Item(repository, manifest));
  }

  synchronized int acknowledgedManifests() {
    return manifests.size();
  }

  /** Some blob of whose upload nobody knows the end; null if there is none. */
  private synchronized Item newestInDoubt() {
    return blobsInDoubt.isEmpty() ? null : blobsInDoubt.getLast();
  }

  /**
   * Reads blobs until it is told to stop: one whose upload has no answer yet is there whole or not
   * at all, one that was acknowledged is there. An answer 200 has the bytes or is cut off.
   */
  Void readWhile(RegistryClient client, AtomicBoolean stop) throws InterruptedException {
    Random random = new Random(checkedBlobs);
    while (!stop.get()) {
      boolean acknowledged = random.nextBoolean();
      Item item = acknowledged ? someAcknowledged(random) : newestInDoubt();
      if (item != null) {
        try {
          HttpResponse<byte[]> answer =
              client.send("GET", RegistryClient.blobPath(item.repository(), item.digest()));
          switch (answer.statusCode()) {
            case 200 ->
                assertThat(Digest.of(Digest.Algorithm.SHA256, answer.body()))
                    .isEqualTo(item.digest());
            case 503 -> new UnexpectedAnswerException(answer, 200).assertUnavailable();
            default ->
                assertThat(answer.statusCode())
                    .as("GET of %s, %s", item, acknowledged ? "acknowledged" : "in doubt")
                    .isEqualTo(acknowledged ? 200 : 404);
          }
        } catch (UncheckedIOException e) {
          // The server was killed or its store failed, and the client noticed the cut.
          Thread.sleep(5);
        }
      }
      Thread.sleep(1);
    }
    return null;
  }

  private synchronized Item someAcknowledged(Random random) {
    return blobs.isEmpty() ? null : blobs.get(random.nextInt(blobs.size()));
  }

  /**
   * The registry has what was acknowledged since the last check, where tags point is allowed, and a
   * blob in doubt is there whole or not at all. No pusher may run meanwhile.
   */
  synchronized void assertKept(RegistryClient client) {
    check(
        client,
        blobs.subList(checkedBlobs, blobs.size()),
        manifests.subList(checkedManifests, manifests.size()));
    checkedBlobs = blobs.size();
    checkedManifests = manifests.size();
    for (Item item : blobsInDoubt) {
      if (client.hasBlob(item.repository(), item.digest())) {
        assertBlob(client, item);
      }
    }
    blobsInDoubt.clear();
    touched.forEach(name -> settle(client, name, tags.get(name)));
    touched.clear();
  }

  /** The registry still has everything that was ever acknowledged. No pusher may run meanwhile. */
  synchronized void assertAllKept(RegistryClient client) {
    assertKept(client);
    check(client, blobs, manifests);
    tags.forEach((name, state) -> settle(client, name, state));
  }

  private static void check(
      RegistryClient client, Collection<Item> blobs, Collection<Item> manifests) {
    blobs.forEach(item -> assertBlob(client, item));
    for (Item item : manifests) {
      assertThat(client.manifest(item.repository(), item.digest().toString()).digest())
          .isEqualTo(item.digest());
    }
  }

  private static void assertBlob(RegistryClient client, Item item) {
    byte[] served = client.blob(item.repository(), item.digest());
    assertThat(Digest.of(Digest.Algorithm.SHA256, served)).isEqualTo(item.digest());
  }

  private static void settle(RegistryClient client, TagName name, TagState state) {
    if (state.acknowledged == null && !client.hasTag(name.repository, name.tag)) {
      return;
    }
    Digest found = client.manifest(name.repository, name.tag).digest();
    assertThat(found)
        .as("%s:%s", name.repository, name.tag)
        .isIn(
            Stream.concat(Stream.ofNullable(state.acknowledged), state.inDoubt.stream()).toList());
    state.acknowledged = found;
    state.inDoubt.clear();
  }
}
