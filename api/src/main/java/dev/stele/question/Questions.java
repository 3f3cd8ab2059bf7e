package dev.stele.question;

import dev.stele.history.History;
import dev.stele.registry.NeverSeen;
import dev.stele.registry.Registry;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** All questions that can be asked of a registry's record. Thread-safe. */
public final class Questions {
  private final List<Question<?>> all;
  private final Question<EventRow> events;

  /** The questions to a registry. */
  public Questions(Registry registry) {
    History history = new History(registry);
    EventQuestions ofEvents = new EventQuestions(registry);
    this.events = ofEvents.events().noting(asked -> neverSeen(registry, asked));
    this.all =
        Stream.of(
                List.of(events),
                ofEvents.others(),
                new OperatorQuestions(registry).all(),
                new ActorQuestions(registry).all(),
                new ExposureQuestions(registry).all(),
                new RepositoryQuestions(registry, history).all(),
                new TagQuestions(registry, history).all(),
                new RetentionQuestions(registry, history).all())
            .<Question<?>>flatMap(List::stream)
            .<Question<?>>map(
                question ->
                    question.parameters().contains(Parameter.REPOSITORY.name())
                        ? question.noting(asked -> neverSeen(registry, asked))
                        : question)
            .toList();
  }

  private static Optional<String> neverSeen(Registry registry, Asked asked) {
    return NeverSeen.of(registry, EventSelection.filter(asked, registry));
  }

  public List<Question<?>> all() {
    return all;
  }

  /** Events by any mix of filters. */
  public Question<EventRow> events() {
    return events;
  }

  /** The question of this name. */
  public Question<?> named(String name) {
    return all.stream()
        .filter(question -> question.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no question " + name));
  }
}
