package dev.stele.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidManifestException;
import dev.stele.oci.Manifest;
import dev.stele.oci.MediaTypes;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** What the registry serves and records of a push by some client, read back over the plain API. */
final class Pushed {
  private final RegistryClient client;
  private final String repository;

  Pushed(RegistryClient client, String repository) {
    this.client = client;
    this.repository = repository;
  }

  /** These contents are served, byte for byte, the manifests among them as manifests. */
  void assertServed(List<Content> contents) {
    for (Content content : contents) {
      boolean manifest = MediaTypes.MANIFESTS.contains(content.mediaType());
      byte[] served =
          manifest
              ? client.manifest(repository, content.digest().toString()).bytes()
              : client.blob(repository, content.digest());
      assertThat(served)
          .as(content.mediaType() + " " + content.digest())
          .isEqualTo(content.bytes());
    }
  }

  /** The record has the put of that manifest and the tag's move to it, in this order. */
  void assertRecorded(String tag, Digest manifest) {
    List<RecordedEvent> events = client.eventsOf(repository);
    assertThat(events)
        .as("ManifestPut of %s among %s", manifest, events)
        .anyMatch(e -> e.type().equals("ManifestPut") && e.digest().equals(manifest.toString()));
    assertThat(events)
        .as("TagMoved of %s to %s among %s", tag, manifest, events)
        .anyMatch(
            e ->
                e.type().equals("TagMoved")
                    && e.tag().equals(tag)
                    && e.digest().equals(manifest.toString()));
  }

  /** The manifest under that tag, its bytes read. */
  Manifest manifest(String reference) throws InvalidManifestException {
    Content content = client.manifest(repository, reference);
    return Manifest.parse(content.mediaType(), content.bytes());
  }

  /** The digests of an image's layers once uncompressed, whatever compression the client chose. */
  List<Digest> diffIds(String reference) throws InvalidManifestException, IOException {
    List<Digest> diffIds = new ArrayList<>();
    for (Descriptor layer : manifest(reference).layers()) {
      diffIds.add(Digest.of(Digest.Algorithm.SHA256, uncompressed(layer)));
    }
    return diffIds;
  }

  /** The regular files in an image's layers, by path without a leading slash. */
  Map<String, byte[]> files(String reference) throws InvalidManifestException, IOException {
    Map<String, byte[]> files = new HashMap<>();
    for (Descriptor layer : manifest(reference).layers()) {
      try (TarArchiveInputStream tar =
          new TarArchiveInputStream(new ByteArrayInputStream(uncompressed(layer)))) {
        for (TarArchiveEntry entry = tar.getNextEntry();
            entry != null;
            entry = tar.getNextEntry()) {
          if (entry.isFile()) {
            files.put(entry.getName().replaceFirst("^\\.?/", ""), tar.readAllBytes());
          }
        }
      }
    }
    return files;
  }

  private byte[] uncompressed(Descriptor layer) throws IOException {
    byte[] blob = client.blob(repository, layer.digest());
    assertThat(Digest.of(Digest.Algorithm.SHA256, blob)).isEqualTo(layer.digest());
    if (!layer.mediaType().endsWith("gzip")) {
      return blob;
    }
    try (GZIPInputStream gzip = new GZIPInputStream(new ByteArrayInputStream(blob))) {
      return gzip.readAllBytes();
    }
  }
}
