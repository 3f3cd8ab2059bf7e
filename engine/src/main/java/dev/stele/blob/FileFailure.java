package dev.stele.blob;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;

/**
 * What is wrong with a file or folder, for people: Java's messages are often no more than a path.
 */
public final class FileFailure {
  private FileFailure() {}

  /** The reason of a failure, with the path that it is about where Java tells that. */
  public static String reason(IOException failure) {
    return switch (failure) {
      case AccessDeniedException denied ->
          "the user %s may not use %s; run this as its owner, or give it to that user"
              .formatted(System.getProperty("user.name"), denied.getFile());
      case FileAlreadyExistsException file -> file.getFile() + " is a file, not a folder";
      case NotDirectoryException file -> file.getFile() + " is a file, not a folder";
      case NoSuchFileException missing -> "there is no " + missing.getFile();
      case FileSystemException other when other.getReason() != null ->
          other.getFile() + ": " + other.getReason();
      default -> failure.toString();
    };
  }
}
