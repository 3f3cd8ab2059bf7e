package dev.stele.blob;

import dev.stele.oci.RepositoryName;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The blob stores and which repository uses which. Names route by their first path segment; what no
 * prefix claims goes to the default store. Immutable and thread-safe.
 */
public final class BlobStores {
  /** The name of the store that takes whatever no prefix claims. */
  public static final String DEFAULT = "default";

  /** A store with the name that the log knows it by. */
  public record Named(String name, BlobStore store) {}

  private final Map<String, Named> byPrefix;
  private final Named defaultStore;

  /** All repositories in one store. */
  public BlobStores(BlobStore defaultStore) {
    this(defaultStore, Map.of());
  }

  /**
   * Repositories by the first segment of their names (without a slash), and a store for all others.
   */
  public BlobStores(BlobStore defaultStore, Map<String, BlobStore> byPrefix) {
    this.defaultStore = new Named(DEFAULT, defaultStore);
    this.byPrefix =
        byPrefix.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    Map.Entry::getKey, entry -> new Named(entry.getKey(), entry.getValue())));
  }

  /** The store of a repository. */
  public Named of(RepositoryName repository) {
    return byPrefix.getOrDefault(repository.routePrefix(), defaultStore);
  }

  /** All stores, the default one first. */
  public List<Named> all() {
    return Stream.concat(Stream.of(defaultStore), byPrefix.values().stream()).toList();
  }
}
