package dev.stele.blob;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;

/**
 * What is wrong with a file or folder, for people: Java's messages are often no more than a path.
 */
public final class FileFailure {
  private FileFailure() {}

  /** The reason of a failure, with the path that it is about where Java tells that. */
  public static String reason(IOException failure) {
    return switch (failure) {
      case AccessDeniedException denied ->
          denied(Path.of(denied.getFile()), System.getProperty("user.name"));
      case FileAlreadyExistsException file -> file.getFile() + " is a file, not a folder";
      case NotDirectoryException file -> file.getFile() + " is a file, not a folder";
      case NoSuchFileException missing -> "there is no " + missing.getFile();
      case FileSystemException other when other.getReason() != null ->
          other.getFile() + ": " + other.getReason();
      default -> failure.toString();
    };
  }

  /** What keeps a user from a path: who has it, or the nearest folder above that can be seen. */
  static String denied(Path path, String user) {
    String start = "the user %s may not use %s".formatted(user, path);
    for (Path seen = path.toAbsolutePath(); seen != null; seen = seen.getParent()) {
      String owner;
      try {
        owner = Files.getOwner(seen).getName();
      } catch (IOException _) {
        continue; // not there, or hidden by the folder above
      }
      return owner.equals(user)
          ? "%s: see the permissions of %s".formatted(start, seen)
          : "%s: %s belongs to %s; run this as %s, or have %s give %s access"
              .formatted(start, seen, owner, owner, owner, user);
    }
    return start;
  }
}
