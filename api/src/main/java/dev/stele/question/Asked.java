package dev.stele.question;

import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.server.http.Access;
import dev.stele.server.http.PageRequest;
import dev.stele.server.http.PathPrefix;
import dev.stele.server.http.QueryString;
import dev.stele.server.http.RefusedRequestException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * One asking of a question.
 *
 * @param path what stands in the address for {@code {name}} and the like
 * @param query the parameters
 * @param body what is sent along, such as a retention policy; may be empty
 * @param access what whoever asks may do
 * @param prefix below which path they reached the server
 */
public record Asked(
    Map<String, String> path, QueryString query, String body, Access access, PathPrefix prefix) {
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1_000;

  public Asked {
    path = Map.copyOf(path);
  }

  /** What stands in the address for a name in braces. */
  String path(String name) {
    return Optional.ofNullable(path.get(name))
        .orElseThrow(() -> new IllegalArgumentException("the address has no {" + name + "}"));
  }

  /** Whether whoever asks may read all of the record. */
  boolean everywhere() {
    return access.mayEverywhere(Action.READ_RECORD);
  }

  /** The repositories that a list of them may name. */
  Predicate<RepositoryName> visible() {
    return access.where(Action.READ_RECORD);
  }

  /**
   * Whether whoever asks may know of something, since they may read the record where it is, or do
   * what it is about.
   *
   * @param repository the one that it is about; empty if there are several
   */
  boolean sees(Optional<RepositoryName> repository, Action act) {
    return Stream.of(Action.READ_RECORD, act)
        .anyMatch(
            action ->
                repository
                    .map(access.where(action)::test)
                    .orElseGet(() -> access.mayEverywhere(action)));
  }

  RepositoryName repository() {
    return RepositoryName.parse(path("name"));
  }

  Tag tag() {
    return Tag.parse(path("tag"));
  }

  /**
   * A parameter's value; empty if it is left out.
   *
   * @throws RefusedRequestException 400 if it has no text, which nobody means as a wish for
   *     everything, or is there more than once
   */
  public <T> Optional<T> first(Parameter<T> parameter) {
    Optional<String> _ = query.first(parameter.name());
    return all(parameter).stream().findFirst();
  }

  /**
   * A parameter that must be there.
   *
   * @param meaning continues the name if it is not
   */
  <T> T required(Parameter<T> parameter, String meaning) {
    return first(parameter)
        .orElseThrow(() -> Parameter.invalid(parameter.name() + " must say " + meaning));
  }

  /** All values of a parameter that may be given more than once. */
  <T> List<T> all(Parameter<T> parameter) {
    return query.all(parameter.name()).stream()
        .map(
            text -> {
              if (text.isEmpty()) {
                throw Parameter.invalid(
                    parameter.name() + " is empty; leave it out to ask without it");
              }
              return parameter.read(text);
            })
        .toList();
  }

  /**
   * How many rows a page may have: 100 if nothing is said, 1,000 at most.
   *
   * @throws RefusedRequestException 400 if it is not a number from 1 on
   */
  int limit() {
    return limit(DEFAULT_PAGE, LARGEST_PAGE);
  }

  int limit(int standard, int largest) {
    int limit = PageRequest.size(query, Parameter.LIMIT.name(), standard, largest);
    if (limit == 0) {
      throw Parameter.invalid("limit must be at least 1");
    }
    return limit;
  }
}
