package dev.stele.example;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.blob.BlobStore;
import dev.stele.blob.BlobStores;
import dev.stele.blob.DiskBlobStore;
import dev.stele.database.Database;
import dev.stele.database.EmbeddedPostgres;
import dev.stele.engine.Engine;
import dev.stele.oci.Digest;
import dev.stele.oci.MediaTypes;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.Caller;
import dev.stele.registry.EventEntry;
import dev.stele.registry.EventFilter;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryOptions;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/** A registry within a program, as the README shows it. */
final class EmbeddedRegistry {
  private EmbeddedRegistry() {}

  /** Pushes an image into a registry in a folder; returns what happened. */
  static List<String> pushImage(Path folder) throws IOException {
    var meters = new SimpleMeterRegistry();
    try (var postgres = EmbeddedPostgres.start(folder.resolve("postgresql"));
        var database =
            Database.open(
                new Database.Settings(postgres.jdbcUrl(), postgres.user(), postgres.password(), 16),
                meters);
        BlobStore blobs = new DiskBlobStore(folder.resolve("blobs"));
        var engine =
            new Engine(
                database.jdbi(),
                database.audit(),
                database::openDedicated,
                new BlobStores(blobs),
                RegistryOptions.DEFAULT,
                meters)) {
      Registry registry = engine.registry();
      Caller alice = new Caller("alice", "request-1");
      RepositoryName app = RepositoryName.parse("payments/api");

      byte[] config = "{}".getBytes(UTF_8);
      Digest digest = Digest.of(Digest.Algorithm.SHA256, config);
      registry
          .putBlob(alice, app, digest, OptionalLong.of(2), new ByteArrayInputStream(config))
          .orElseThrow(refusal -> new IOException(refusal.message()));

      String image =
          """
          {"schemaVersion":2,"mediaType":"%s","layers":[],
           "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":2}}\
          """
              .formatted(MediaTypes.OCI_IMAGE, digest);
      registry
          .putManifest(
              alice, app, Tag.parse("prod"), MediaTypes.OCI_IMAGE, image.getBytes(UTF_8), List.of())
          .orElseThrow(refusal -> new IOException(refusal.message()));

      // RepositoryCreated, BlobUploaded, ManifestPut, TagMoved
      return registry.log().events(-1, 100, EventFilter.ALL).stream()
          .map(EventEntry::type)
          .toList();
    }
  }
}
