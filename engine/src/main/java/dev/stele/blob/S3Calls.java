package dev.stele.blob;

import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.errors.ServerException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends requests that may be repeated: as often as it was told, each pause about twice the last, up
 * to {@value #LONGEST_PAUSE_MILLIS} ms, and no more once the first began long enough ago. Repeated
 * is what failed on the way (connections, timeouts, answers cut off) and what the service calls
 * passing (5xx, throttling). Turns the client library's exceptions into {@link IOException}s. Safe
 * for use by several threads.
 */
final class S3Calls {
  private static final Logger log = LoggerFactory.getLogger(S3Calls.class);
  private static final int FIRST_PAUSE_MILLIS = 100;
  private static final int LONGEST_PAUSE_MILLIS = 5_000;

  /** One attempt. */
  interface Request<T> {
    T send() throws IOException, MinioException, GeneralSecurityException;
  }

  private final String where;
  private final int retries;
  private final Duration giveUp;

  /**
   * @param where the bucket as errors name it
   * @param retries how often a request is repeated at most
   * @param giveUp no attempt begins later than this after the first
   */
  S3Calls(String where, int retries, Duration giveUp) {
    this.where = where;
    this.retries = retries;
    this.giveUp = giveUp;
  }

  /**
   * Sends the request until it succeeds or there is no use.
   *
   * @param what the request, as errors name it
   * @throws S3UnavailableException if every attempt failed with what may pass
   */
  <T> T repeatable(String what, Request<T> request) throws IOException {
    long start = System.nanoTime();
    for (int attempt = 1; ; attempt++) {
      IOException failure;
      try {
        return request.send();
      } catch (MinioException | GeneralSecurityException | IOException e) {
        failure = explain(what, e);
      }
      long passed = System.nanoTime() - start;
      if (attempt > retries
          || passed > giveUp.toNanos()
          || Thread.currentThread().isInterrupted()
          || !isPassing(failure)) {
        throw isPassing(failure) && !Thread.currentThread().isInterrupted()
            ? new S3UnavailableException(failure.getMessage(), failure)
            : failure;
      }
      log.debug("Attempt {} failed and is repeated", attempt, failure);
      pause(attempt, failure);
    }
  }

  private static boolean isPassing(IOException failure) {
    return switch (failure) {
      case S3RequestException refused -> refused.isPassing();
      // A request within this one has been repeated already.
      case S3UnavailableException _, InsufficientStorageException _, BlobTooLargeException _ ->
          false;
      default -> true;
    };
  }

  private static void pause(int attempt, IOException failure) throws IOException {
    long longest = Math.min(LONGEST_PAUSE_MILLIS, (long) FIRST_PAUSE_MILLIS << (attempt - 1));
    try {
      // A random pause, so that requests that failed together do not come back together.
      Thread.sleep(ThreadLocalRandom.current().nextLong(longest / 2, longest + 1));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failure.addSuppressed(e);
      throw failure;
    }
  }

  /** Waits for the answer and throws what the request failed with. */
  static <T> T await(CompletableFuture<T> answer)
      throws IOException, MinioException, GeneralSecurityException {
    try {
      return answer.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      // An answer that comes later still holds a connection.
      CompletableFuture<T> unusedAnswer = answer.whenComplete((late, _) -> closeLate(late));
      InterruptedIOException interrupted = new InterruptedIOException("interrupted");
      interrupted.initCause(e);
      throw interrupted;
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      while (cause instanceof CompletionException && cause.getCause() != null) {
        cause = cause.getCause();
      }
      switch (cause) {
        case IOException failure -> throw failure;
        case MinioException failure -> throw failure;
        case GeneralSecurityException failure -> throw failure;
        default -> throw new IOException(cause.toString(), cause);
      }
    }
  }

  private static void closeLate(Object answer) {
    if (answer instanceof AutoCloseable open) {
      try {
        open.close();
      } catch (Exception e) {
        log.debug("Cannot close an answer that nobody waits for", e);
      }
    }
  }

  /** What to look at, where the service's own words do not say. */
  private static String remedy(String code, int status, String reason) {
    return switch (code) {
      case "SignatureDoesNotMatch" -> "; check the store's secret-key";
      case "InvalidAccessKeyId" -> "; check the store's access-key";
      case "AccessDenied" ->
          "; check the store's access-key and secret-key, and what they may do in the bucket";
      default -> {
        if (reason != null && reason.contains("Non-XML response")) {
          yield "; what answers at the endpoint does not speak S3: check the store's endpoint";
        }
        yield status == 403 ? "; check the store's access-key and secret-key" : "";
      }
    };
  }

  private IOException explain(String what, Exception failure) {
    if (failure instanceof S3RequestException
        || failure instanceof S3UnavailableException
        || failure instanceof BlobTooLargeException
        || failure instanceof InsufficientStorageException) {
      return (IOException) failure;
    }
    String code = "";
    int status = 0;
    String reason = failure.getMessage();
    if (failure instanceof ErrorResponseException refused) {
      code = refused.errorResponse().code() == null ? "" : refused.errorResponse().code();
      status = refused.response().code();
      reason = code + ": " + refused.errorResponse().message();
    } else if (failure instanceof ServerException broken) {
      status = broken.statusCode();
    } else if (failure instanceof IOException) {
      return new IOException("%s in %s failed: %s".formatted(what, where, failure), failure);
    }
    // What is no S3 service answers with pages of HTML.
    String line = String.valueOf(reason).lines().findFirst().orElse("");
    String message =
        "%s in %s failed: %s%s".formatted(what, where, line, remedy(code, status, reason));
    if (status == 507 || code.endsWith("StorageFull") || code.endsWith("QuotaExceeded")) {
      return new InsufficientStorageException(message, new IOException(failure));
    }
    return new S3RequestException(message, code, status, failure);
  }
}
