package dev.stele.oci;

import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The media types that the registry gives a meaning to. Case makes no difference in a media type
 * (RFC 9110, section 8.3.1).
 */
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

  /** A manifest's media type as it is known here, in whatever case it was written. */
  static Optional<String> manifest(String mediaType) {
    return Optional.of(mediaType.toLowerCase(Locale.ROOT)).filter(MANIFESTS::contains);
  }

  /** The same type as it is known here, if it is a manifest's; any other as it was written. */
  public static String canonical(String mediaType) {
    return manifest(mediaType).orElse(mediaType);
  }

  private static boolean begins(String mediaType, String beginning) {
    return mediaType.regionMatches(true, 0, beginning, 0, beginning.length());
  }

  /**
   * Whether content of this type lives elsewhere and need not be in the registry (foreign,
   * non-distributable layers).
   */
  public static boolean nonDistributable(String mediaType) {
    return begins(mediaType, "application/vnd.oci.image.layer.nondistributable.v1.")
        || begins(mediaType, "application/vnd.docker.image.rootfs.foreign.");
  }

  /** Whether this is the type of a container image's config. */
  public static boolean imageConfig(String mediaType) {
    return mediaType.equalsIgnoreCase("application/vnd.oci.image.config.v1+json")
        || mediaType.equalsIgnoreCase("application/vnd.docker.container.image.v1+json");
  }

  /** Whether this is the type of a layer that becomes part of a container's file system. */
  public static boolean fileSystemLayer(String mediaType) {
    return begins(mediaType, "application/vnd.oci.image.layer.")
        || begins(mediaType, "application/vnd.docker.image.rootfs.");
  }
}
