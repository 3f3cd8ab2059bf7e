package dev.stele.parity;

import static dev.stele.registry.TestClient.ok;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.blob.BadRangeException;
import dev.stele.blob.BlobContent;
import dev.stele.blob.BlobStore;
import dev.stele.blob.BlobStores;
import dev.stele.blob.StoredObject;
import dev.stele.claim.Standing;
import dev.stele.gc.Collection;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Sizes;
import dev.stele.oci.Tag;
import dev.stele.oci.TestManifest;
import dev.stele.registry.Caller;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.Outcome;
import dev.stele.registry.Page;
import dev.stele.registry.PutManifest;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryFixture;
import dev.stele.registry.RegistryOptions;
import dev.stele.restore.Restore;
import dev.stele.retention.Retention;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * Rows of the contract: a fresh registry for each, what a client does to it in a word, and what
 * happens behind its back. After each the views equal a replay of the log, which is not asked where
 * a store does nothing: there a row only has to fail.
 */
abstract class ParityRows {
  static final Caller ALICE = new Caller("alice", "request-1");
  static final RepositoryName APP = RepositoryName.parse("team/app");
  static final RepositoryName OTHER = RepositoryName.parse("other");
  static final Tag V1 = Tag.parse("v1");
  static final Tag V2 = Tag.parse("v2");
  static final Tag V3 = Tag.parse("v3");

  private final Callable<ParityStorage> storages;
  private final List<BlobStore> opened = new ArrayList<>();
  private RegistryFixture fixture;
  ParityStorage storage;
  Registry registry;

  ParityRows(Callable<ParityStorage> storages) {
    this.storages = storages;
  }

  @BeforeEach
  void open() throws Exception {
    storage = storages.call();
    open(new BlobStores(openStore(BlobStores.DEFAULT)), RegistryOptions.DEFAULT);
  }

  @AfterEach
  void theViewsEqualAReplay() throws IOException {
    try {
      if (!(storage instanceof ParityStorage.Nowhere)) {
        fixture.assertViewsEqualAReplay();
      }
    } finally {
      close();
    }
  }

  private void close() throws IOException {
    fixture.close();
    for (BlobStore store : opened) {
      store.close();
    }
    opened.clear();
  }

  /** A store of the registry, closed with it. */
  BlobStore openStore(String name) throws IOException {
    BlobStore store = storage.open(name);
    opened.add(store);
    return store;
  }

  private void open(BlobStores stores, RegistryOptions options) {
    // Where the kind of store can, so that rows see that way of telling too.
    fixture = new RegistryFixture(stores.redirecting(Set.of(BlobStores.DEFAULT)), options);
    registry = fixture.registry();
  }

  /** Begins again with an empty log, and what the stores had, which it takes over. */
  void reopen(RegistryOptions options, String... stores) throws IOException {
    close();
    Map<String, BlobStore> byPrefix = new HashMap<>();
    for (String store : stores) {
      byPrefix.put(store, openStore(store));
    }
    open(new BlobStores(openStore(BlobStores.DEFAULT), byPrefix), options);
    for (Map.Entry<String, Standing> store : registry.stores().standings().entrySet()) {
      if (store.getValue() instanceof Standing.Refused) {
        assertThat(registry.stores().takeOver(ALICE, store.getKey())).contains(store.getValue());
      }
    }
  }

  // ---- what a client does

  static byte[] bytes(String text) {
    return text.getBytes(UTF_8);
  }

  static Digest digest(byte[] content) {
    return Sizes.digest(content);
  }

  static Digest digest(String content) {
    return digest(bytes(content));
  }

  static Reference by(Digest digest) {
    return new Reference.ByDigest(digest);
  }

  /** Uploads a blob, which then reads back byte for byte. */
  Digest upload(RepositoryName repository, String content) throws IOException {
    Digest digest = digest(content);
    Outcome<Digest> put =
        registry.putBlob(
            ALICE,
            repository,
            digest,
            OptionalLong.empty(),
            new ByteArrayInputStream(bytes(content)));
    assertThat(put).isEqualTo(Outcome.ok(digest));
    assertReads(repository, digest, content);
    return digest;
  }

  /** Puts a manifest that must be accepted; returns its digest. */
  Digest put(RepositoryName repository, Reference reference, String mediaType, byte[] manifest) {
    PutManifest put =
        ok(registry.putManifest(ALICE, repository, reference, mediaType, manifest, List.of()));
    assertThat(put.digest()).isEqualTo(digest(manifest));
    return put.digest();
  }

  Digest put(RepositoryName repository, Reference reference, TestManifest manifest) {
    return put(repository, reference, manifest.mediaType(), manifest.bytes());
  }

  /** Puts it by its digest. */
  Digest put(RepositoryName repository, TestManifest manifest) {
    return put(repository, by(manifest.digest()), manifest);
  }

  /** Pushes an image with a config and one layer of its own under a tag. */
  Digest pushImage(RepositoryName repository, Tag tag, String layer) throws IOException {
    Digest config = upload(repository, "{\"of\":\"" + layer + "\"}");
    return put(repository, tag, TestManifest.image(config, upload(repository, layer)));
  }

  static void assertRefused(Outcome<?> outcome, Refusal refusal) {
    assertThat(outcome).isEqualTo(Outcome.refused(refusal));
  }

  String read(RepositoryName repository, Digest digest) throws IOException {
    return read(repository, digest, 0, Long.MAX_VALUE);
  }

  String read(RepositoryName repository, Digest digest, long offset, long length)
      throws IOException {
    try (BlobContent content = ok(registry.blob(repository, digest))) {
      return new String(content.stream(offset, length).readAllBytes(), UTF_8);
    } catch (BadRangeException e) {
      throw new AssertionError(e);
    }
  }

  void assertReads(RepositoryName repository, Digest digest, String content) throws IOException {
    assertThat(registry.blobSize(repository, digest))
        .isEqualTo(Outcome.ok((long) bytes(content).length));
    assertThat(read(repository, digest)).isEqualTo(content);
  }

  void assertUnknownBlob(RepositoryName repository, Digest digest) throws IOException {
    Refusal unknown = new Refusal.UnknownBlob(repository, digest);
    assertRefused(registry.blobSize(repository, digest), unknown);
    assertRefused(registry.blob(repository, digest), unknown);
  }

  List<Tag> tags(RepositoryName repository) {
    Page<Tag> page = ok(registry.tags(repository, Optional.empty(), 1000));
    assertThat(page.more()).isFalse();
    return page.items();
  }

  // ---- collecting

  /** Collects once, which must not fail. */
  Collection collect() {
    Collection collection = registry.collecting().run();
    assertThat(collection.failure()).isEmpty();
    return collection;
  }

  /** Retention of the registry. */
  Retention retention() {
    return fixture.engine().retention();
  }

  /** What restores in the registry. */
  Restore restore() {
    return fixture.engine().restore();
  }

  /** What the default store keeps. */
  List<StoredObject> objects() throws IOException {
    try (Stream<StoredObject> objects = opened.getLast().objects()) {
      return objects.toList();
    }
  }

  // ---- the record

  List<EventEntry> events(String type) {
    return registry.log().events(-1, 1000, new EventFilter(Optional.empty(), Optional.of(type)));
  }

  List<String> types() {
    return registry.log().events(-1, 1000, EventFilter.ALL).stream().map(EventEntry::type).toList();
  }

  /** The key of the object that the log now has for a digest. */
  String objectKey(Digest digest) {
    return events("BlobUploaded").stream()
        .filter(event -> event.data().get("digest").asText().equals(digest.toString()))
        .filter(event -> event.data().get("stored").asBoolean())
        .reduce((_, last) -> last)
        .orElseThrow(() -> new AssertionError("nothing was stored of " + digest))
        .data()
        .get("objectKey")
        .asText();
  }

  // ---- what happens behind the registry's back

  void overwrite(Digest digest, String content) throws IOException {
    storage.overwrite(BlobStores.DEFAULT, objectKey(digest), bytes(content));
  }

  void remove(Digest digest) throws IOException {
    storage.remove(BlobStores.DEFAULT, objectKey(digest));
  }

  /** A connection to the registry's database, as the owner. */
  Connection connect() throws SQLException {
    return fixture.testDatabase().connect();
  }

  /** What only somebody who administers the database can do. */
  void asOwner(String... statements) throws SQLException {
    try (Connection owner = connect();
        Statement statement = owner.createStatement()) {
      statement.execute("SET session_replication_role = replica");
      for (String sql : statements) {
        statement.execute(sql);
      }
    }
  }
}
