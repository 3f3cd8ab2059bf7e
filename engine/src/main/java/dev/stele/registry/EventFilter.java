package dev.stele.registry;

import dev.stele.event.Cause;
import dev.stele.event.Facet;
import dev.stele.event.Facets;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.TagGlob;
import java.util.Optional;
import java.util.Set;

/**
 * Which events are meant: those to which all that is given applies.
 *
 * @param repository that they happened in, that a hold of several may cover, or that was asked for
 *     in vain
 * @param types one of these, such as {@code TagMoved}; any type if there are none
 * @param actor the name of who acted
 * @param digest that they speak of: the digest itself, the one that a tag had before, or a subject
 * @param tag a tag that they speak of, of whatever repository
 * @param cause the kind of their cause
 */
public record EventFilter(
    Optional<RepositoryGlob> repository,
    Set<String> types,
    Optional<String> actor,
    Optional<Digest> digest,
    Optional<TagGlob> tag,
    Optional<Cause.Kind> cause) {
  /** Every event. */
  public static final EventFilter ALL = new EventFilter(Optional.empty(), Optional.empty());

  public EventFilter {
    types = Set.copyOf(types);
  }

  /** Those of a repository or of a type or both. */
  public EventFilter(Optional<RepositoryName> repository, Optional<String> type) {
    this(
        repository.map(name -> RepositoryGlob.parse(name.value())),
        type.map(Set::of).orElse(Set.of()),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  /**
   * Whether an event is meant.
   *
   * @param facets what the event has
   * @param name of its actor, if that is known
   */
  boolean matches(RecordedEvent event, Set<Facet> facets, Optional<String> name) {
    return (types.isEmpty() || types.contains(event.event().type()))
        && (actor.isEmpty() || actor.equals(name))
        && digest.map(Facets::digest).map(facets::contains).orElse(true)
        && speaksOfTag(facets)
        && cause.map(event.cause().kind()::equals).orElse(true)
        && isIn(event.event().place(), event.event().repositories());
  }

  /**
   * Whether an event happened in what is meant, or is about repositories that may be among what is
   * meant: who asks about one must not miss what holds it.
   *
   * @param place where it happened, if in one repository
   * @param several the glob of those that it is about, if it did not happen in them
   */
  boolean isIn(Optional<RepositoryName> place, Optional<String> several) {
    return repository.isEmpty()
        || place.filter(repository.get()::matches).isPresent()
        || several.map(RepositoryGlob::parse).filter(this::mayShare).isPresent();
  }

  private boolean mayShare(RepositoryGlob other) {
    RepositoryGlob asked = repository.orElseThrow();
    return asked
        .only()
        .map(name -> other.matches(RepositoryName.parse(name)))
        .orElseGet(
            () ->
                other.beginning().startsWith(asked.beginning())
                    || asked.beginning().startsWith(other.beginning()));
  }

  /** Whether an event that has these facets speaks of a tag that is meant. */
  boolean speaksOfTag(Set<Facet> facets) {
    return tag.isEmpty()
        || facets.stream()
            .filter(facet -> facet.kind() == Facet.Kind.TAG)
            .anyMatch(facet -> tag.get().matches(facet.value()));
  }

  /** The same, but for the types: these. */
  public EventFilter ofTypes(Set<String> only) {
    return new EventFilter(repository, only, actor, digest, tag, cause);
  }

  /** The same, but for the repositories: these. */
  public EventFilter in(RepositoryGlob only) {
    return new EventFilter(Optional.of(only), types, actor, digest, tag, cause);
  }

  /** The same, but for the digest: this one. */
  public EventFilter ofDigest(Digest only) {
    return new EventFilter(repository, types, actor, Optional.of(only), tag, cause);
  }
}
