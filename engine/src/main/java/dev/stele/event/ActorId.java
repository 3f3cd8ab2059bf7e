package dev.stele.event;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.UUID;

/**
 * Who acted, as the log knows them: a random number. The name is kept apart, so that a person can
 * be forgotten.
 */
public record ActorId(@JsonValue UUID value) {
  @JsonCreator
  public ActorId {}

  public static ActorId random() {
    return new ActorId(UUID.randomUUID());
  }
}
