package dev.stele.database;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Folders that are made and removed whole. */
final class Folders {
  private Folders() {}

  /** Removes a folder and what is in it; nothing if it is not there. */
  static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(folder)) {
      paths = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : paths) {
      Files.delete(path);
    }
  }

  /** Removes what interrupted work left in a folder: sub-folders whose names begin so. */
  static void deleteLeftovers(Path folder, String prefix) throws IOException {
    List<Path> leftovers;
    try (Stream<Path> entries = Files.list(folder)) {
      leftovers = entries.filter(path -> path.getFileName().toString().startsWith(prefix)).toList();
    }
    for (Path leftover : leftovers) {
      delete(leftover);
    }
  }
}
