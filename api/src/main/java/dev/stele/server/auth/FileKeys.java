package dev.stele.server.auth;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.proc.SecurityContext;
import dev.stele.blob.FileFailure;
import dev.stele.log.RepeatedWarning;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.text.ParseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Public keys in a file, which is read again within {@value #CHECK_SECONDS} seconds when it
 * changes; while it cannot be used, what was read last stays in force. Thread-safe.
 */
final class FileKeys implements JWKSetSource<SecurityContext> {
  private static final Logger logger = LoggerFactory.getLogger(FileKeys.class);
  private static final int CHECK_SECONDS = 1;

  private final RepeatedWarning failures = new RepeatedWarning(logger);
  private final String key;
  private final Path file;
  private final SourceMetrics metrics;
  private FileTime modified;
  private JWKSet keys;
  private long nextCheck;

  /**
   * @param key of the configuration that names the file
   * @param metrics is told whether it could be read
   * @throws IOException if it cannot be used; the message is fit for people
   */
  FileKeys(String key, Path file, SourceMetrics metrics) throws IOException {
    this.metrics = metrics;
    this.key = key;
    this.file = file;
    try {
      this.modified = Files.getLastModifiedTime(file);
      this.keys = RemoteKeys.parse(Files.readString(file));
    } catch (IOException e) {
      throw unusable(FileFailure.reason(e), e);
    } catch (ParseException e) {
      throw unusable(e.getMessage(), e);
    }
    metrics.succeeded();
    this.nextCheck = System.nanoTime();
  }

  private IOException unusable(String why, Exception cause) {
    return new IOException("%s: %s cannot be used: %s".formatted(key, file, why), cause);
  }

  @Override
  public synchronized JWKSet getJWKSet(
      JWKSetCacheRefreshEvaluator refresh, long now, SecurityContext context) {
    if (System.nanoTime() - nextCheck >= 0) {
      nextCheck = System.nanoTime() + CHECK_SECONDS * 1_000_000_000L;
      try {
        FileTime found = Files.getLastModifiedTime(file);
        if (!found.equals(modified)) {
          keys = RemoteKeys.parse(Files.readString(file));
          modified = found;
          logger.info("read {} again", file);
        }
        metrics.succeeded();
      } catch (IOException | ParseException e) {
        metrics.failed();
        failures.warn(
            String.valueOf(e.getMessage()),
            "%s: %s stays as it was read: %s".formatted(key, file, e.getMessage()));
      }
    }
    return keys;
  }

  @Override
  public void close() {}
}
