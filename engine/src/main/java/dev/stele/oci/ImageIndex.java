package dev.stele.oci;

import java.util.List;

/** An OCI image index: what several answers of a registry look like. */
public record ImageIndex(int schemaVersion, String mediaType, List<Descriptor> manifests) {
  /** The annotation that names a descriptor's tag (OCI image layout). */
  public static final String REF_NAME = "org.opencontainers.image.ref.name";

  public ImageIndex {
    manifests = List.copyOf(manifests);
  }

  public static ImageIndex of(List<Descriptor> manifests) {
    return new ImageIndex(2, MediaTypes.OCI_INDEX, manifests);
  }
}
