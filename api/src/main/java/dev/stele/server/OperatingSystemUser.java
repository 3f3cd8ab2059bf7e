package dev.stele.server;

/** Who runs this process. */
public final class OperatingSystemUser {
  private OperatingSystemUser() {}

  /**
   * The name of the user, as the operating system has it for the process's user id. What the Java
   * property {@code user.name} says does not matter: anybody can set that.
   */
  public static String name() {
    return ProcessHandle.current()
        .info()
        .user()
        .orElseThrow(
            () -> new IllegalStateException("the operating system does not say who runs this"));
  }
}
