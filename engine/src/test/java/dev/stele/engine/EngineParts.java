package dev.stele.engine;

import dev.stele.registry.RegistryParts;

/** What an engine does not hand out, for tests. */
public final class EngineParts {
  private EngineParts() {}

  public static RegistryParts of(Engine engine) {
    return engine.parts();
  }
}
