package dev.stele.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Tells nothing that happened from nothing that is known by that name, as of a slip of the pen. */
public final class NeverSeen {
  private NeverSeen() {}

  /** A sentence on what a filter names and the record has never heard of; empty if it knows all. */
  public static Optional<String> of(Registry registry, EventFilter filter) {
    List<String> unknown = registry.archive().read(handle -> names(handle, filter));
    filter
        .digest()
        .filter(digest -> !registry.log().mentioned(digest))
        .ifPresent(digest -> unknown.add("digest " + digest));
    return unknown.isEmpty()
        ? Optional.empty()
        : Optional.of("The record has never heard of " + String.join(" and ", unknown) + ".");
  }

  private static List<String> names(Handle handle, EventFilter filter) {
    List<String> unknown = new ArrayList<>();
    filter
        .repository()
        .flatMap(glob -> glob.only())
        .filter(name -> !exists(handle, "SELECT FROM event WHERE repository = :value", name))
        .ifPresent(name -> unknown.add("repository " + name));
    filter
        .actor()
        .filter(name -> !exists(handle, "SELECT FROM actor WHERE name = :value", name))
        .ifPresent(name -> unknown.add("actor " + name));
    return unknown;
  }

  private static boolean exists(Handle handle, String query, String value) {
    return handle
        .createQuery("SELECT EXISTS (%s)".formatted(query))
        .bind("value", value)
        .mapTo(Boolean.class)
        .one();
  }
}
