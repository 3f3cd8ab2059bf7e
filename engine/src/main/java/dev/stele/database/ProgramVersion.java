package dev.stele.database;

import java.util.Optional;

/** How this program names itself to a database, where others see who uses it. */
final class ProgramVersion {
  /** Of this program, as its package says. */
  static final String VERSION =
      Optional.ofNullable(Database.class.getPackage().getImplementationVersion())
          .orElse("(development build)");

  /** Ends the name of this process and of no other one that uses a database on its host. */
  static final String PROCESS = "#" + ProcessHandle.current().pid();

  /** At most 63 bytes, which is what PostgreSQL keeps. */
  static final String NAME = name(VERSION);

  private ProgramVersion() {}

  private static String name(String version) {
    String most = version.substring(0, Math.min(40, version.length()));
    return "stele " + most + " " + PROCESS;
  }
}
