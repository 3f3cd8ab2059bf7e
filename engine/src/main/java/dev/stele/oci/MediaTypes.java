package dev.stele.oci;

import java.util.Set;

/** The media types that the registry gives a meaning to. */
public final class MediaTypes {
  public static final String OCI_IMAGE = "application/vnd.oci.image.manifest.v1+json";
  public static final String OCI_INDEX = "application/vnd.oci.image.index.v1+json";
  public static final String DOCKER_IMAGE = "application/vnd.docker.distribution.manifest.v2+json";
  public static final String DOCKER_LIST =
      "application/vnd.docker.distribution.manifest.list.v2+json";
  public static final String ORAS_ARTIFACT = "application/vnd.cncf.oras.artifact.manifest.v1+json";
  public static final String OCI_ARTIFACT = "application/vnd.oci.artifact.manifest.v1+json";

  /** What a manifest PUT accepts. */
  public static final Set<String> MANIFESTS =
      Set.of(OCI_IMAGE, OCI_INDEX, DOCKER_IMAGE, DOCKER_LIST, ORAS_ARTIFACT, OCI_ARTIFACT);

  private MediaTypes() {}

  /**
   * Whether content of this type lives elsewhere and need not be in the registry (foreign,
   * non-distributable layers).
   */
  public static boolean nonDistributable(String mediaType) {
    return mediaType.startsWith("application/vnd.oci.image.layer.nondistributable.v1.")
        || mediaType.startsWith("application/vnd.docker.image.rootfs.foreign.");
  }

  /** Whether this is the type of a container image's config. */
  public static boolean imageConfig(String mediaType) {
    return mediaType.equals("application/vnd.oci.image.config.v1+json")
        || mediaType.equals("application/vnd.docker.container.image.v1+json");
  }

  /** Whether this is the type of a layer that becomes part of a container's file system. */
  public static boolean fileSystemLayer(String mediaType) {
    return mediaType.startsWith("application/vnd.oci.image.layer.")
        || mediaType.startsWith("application/vnd.docker.image.rootfs.");
  }
}
