package dev.stele.question;

import dev.stele.event.ActorId;
import dev.stele.event.Identity;
import dev.stele.registry.Page;
import dev.stele.registry.People;
import dev.stele.registry.Registry;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Who acted. */
public final class ActorQuestions {
  private static final Parameter<String> NAME = Parameter.text("name");
  private static final Parameter<People.After> LAST =
      new Parameter<>("last", ActorQuestions::after);

  private final Registry registry;

  ActorQuestions(Registry registry) {
    this.registry = registry;
  }

  /**
   * Somebody who acted.
   *
   * @param id as tables and addresses name them; the first half of what leaves have
   */
  public record ActorRow(String id, String name, Identity.Kind kind, Optional<String> issuer) {
    static ActorRow of(People.Known known) {
      Identity identity = known.identity();
      return new ActorRow(
          known.id().value().toString(), identity.name(), identity.kind(), identity.issuer());
    }
  }

  List<Question<?>> all() {
    return List.of(
        Question.list(
            "actor list",
            Address.ACTORS,
            Columns.fields(ActorRow.class),
            List.of(NAME, LAST, Parameter.LIMIT),
            this::actors));
  }

  private Answer<ActorRow> actors(Asked asked) {
    Page<People.Known> page =
        registry.people().list(asked.first(NAME), asked.first(LAST), asked.limit());
    Answer<ActorRow> answer = Answer.of(Map.of(), page.items().stream().map(ActorRow::of).toList());
    return page.more()
        ? answer.next(
            LAST,
            Optional.of(page.items().getLast())
                .map(last -> new People.After(last.name(), last.id())))
        : answer;
  }

  private static People.After after(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw new IllegalArgumentException("must be as the page before said");
    }
    return new People.After(text.substring(slash + 1), id(text.substring(0, slash)));
  }

  /**
   * The id of somebody.
   *
   * @throws IllegalArgumentException whose message continues what it is called
   */
  public static ActorId id(String text) {
    return new ActorId(HoldRow.id(text));
  }
}
