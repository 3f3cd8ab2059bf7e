package dev.stele.blob;

import dev.stele.oci.RepositoryName;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The blob stores and which repository uses which. Names route by their first path segment; what no
 * prefix claims goes to the default store. Immutable and thread-safe.
 */
public final class BlobStores {
  /** The name of the store that takes whatever no prefix claims. */
  public static final String DEFAULT = "default";

  /**
   * A store with the name that the log knows it by.
   *
   * @param redirects whether clients are sent to {@link BlobStore#presigned} addresses for bytes
   */
  public record Named(String name, BlobStore store, boolean redirects) {
    private Named observed(MeterRegistry meters) {
      return new Named(name, new ObservedBlobStore(name, store, meters), redirects);
    }
  }

  private final Map<String, Named> byPrefix;
  private final Named defaultStore;

  private BlobStores(Named defaultStore, Map<String, Named> byPrefix) {
    this.defaultStore = defaultStore;
    this.byPrefix = byPrefix;
  }

  /** All repositories in one store. */
  public BlobStores(BlobStore defaultStore) {
    this(defaultStore, Map.of());
  }

  /**
   * Repositories by the first segment of their names (without a slash), and a store for all others.
   */
  public BlobStores(BlobStore defaultStore, Map<String, BlobStore> byPrefix) {
    this(
        new Named(DEFAULT, defaultStore, false),
        byPrefix.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    Map.Entry::getKey,
                    entry -> new Named(entry.getKey(), entry.getValue(), false))));
  }

  /** The same, where the stores of these names redirect clients. */
  public BlobStores redirecting(Set<String> names) {
    return mapped(named -> new Named(named.name(), named.store(), names.contains(named.name())));
  }

  /**
   * The same with every call measured ({@code stele.store.*}) and every failure of a store a {@link
   * StoreUnavailableException}.
   */
  public BlobStores observed(MeterRegistry meters) {
    return mapped(named -> named.observed(meters));
  }

  private BlobStores mapped(UnaryOperator<Named> change) {
    return new BlobStores(
        change.apply(defaultStore),
        byPrefix.entrySet().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    Map.Entry::getKey, entry -> change.apply(entry.getValue()))));
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
