package dev.stele.registry;

import dev.stele.log.Command;

/** The way to the append lane. */
@FunctionalInterface
interface Commands {
  /**
   * Has a command decided and its events appended.
   *
   * @throws RegistryUnavailableException if the lane or the database is away
   */
  <R> R append(Command<R> command);

  /** The same for somebody, who may have given a reason. */
  default <R> R append(Caller caller, Command<R> command) {
    return append(command.because(caller.reason()));
  }
}
