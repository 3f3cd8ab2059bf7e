package dev.stele.server.auth;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who can read a file that is nobody else's affair. */
public final class FileAccess {
  private static final Logger logger = LoggerFactory.getLogger(FileAccess.class);

  private FileAccess() {}

  /**
   * Says so if every user of this machine can.
   *
   * @param key of the configuration that names it
   */
  public static void warnIfOthersCanRead(String key, Path file) {
    try {
      if (Files.getPosixFilePermissions(file).contains(PosixFilePermission.OTHERS_READ)) {
        logger.warn("{}: every user of this machine can read {}; chmod o-r", key, file);
      }
    } catch (IOException | UnsupportedOperationException e) {
      logger.debug("the permissions of {} are not known", file, e);
    }
  }
}
