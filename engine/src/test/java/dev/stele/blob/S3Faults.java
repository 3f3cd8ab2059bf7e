package dev.stele.blob;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.util.Random;
import okhttp3.Interceptor;
import okhttp3.MediaType;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okio.Buffer;
import okio.ForwardingSource;
import okio.Okio;

/**
 * A bad way to a bucket: requests that never arrive, answers that never come back although the
 * request was carried out, 503 and 500, and answers cut off at a random byte. Which, is up to the
 * seed. Safe for use by several threads.
 */
final class S3Faults implements Interceptor {
  private final Random random;
  private volatile double rate;

  S3Faults(long seed) {
    this.random = new Random(seed);
  }

  /**
   * How many of the requests fail from now on.
   *
   * @param rate 0 for none, 1 for all
   */
  void setRate(double rate) {
    this.rate = rate;
  }

  @Override
  public Response intercept(Chain chain) throws IOException {
    int fault;
    long cutAt;
    synchronized (random) {
      fault = random.nextDouble() < rate ? random.nextInt(5) : -1;
      cutAt = random.nextLong(1L << 16);
    }
    Request request = chain.request();
    return switch (fault) {
      case 0 -> throw new IOException("connection refused");
      case 1 -> refusal(request, 503, "SlowDown");
      case 2 -> {
        chain.proceed(request).close();
        throw new SocketTimeoutException("timeout");
      }
      case 3 -> {
        chain.proceed(request).close();
        yield refusal(request, 500, "InternalError");
      }
      case 4 -> cut(chain.proceed(request), cutAt);
      default -> chain.proceed(request);
    };
  }

  /** An answer in S3's form. */
  static Response refusal(Request request, int status, String code) {
    String xml = "<?xml version=\"1.0\"?><Error><Code>%s</Code></Error>".formatted(code);
    return new Response.Builder()
        .request(request)
        .protocol(Protocol.HTTP_1_1)
        .code(status)
        .message(code)
        .header("Content-Type", "application/xml")
        .body(ResponseBody.create(xml, MediaType.get("application/xml")))
        .build();
  }

  private static Response cut(Response whole, long bytes) throws IOException {
    ResponseBody body = whole.body();
    if (body.contentLength() <= 0 || whole.request().method().equals("HEAD")) {
      whole.close();
      throw new IOException("connection reset");
    }
    ForwardingSource source =
        new ForwardingSource(body.source()) {
          private long left = Math.min(bytes, body.contentLength() - 1);

          @Override
          public long read(Buffer sink, long count) throws IOException {
            if (left == 0) {
              throw new IOException("connection reset");
            }
            long read = super.read(sink, Math.min(count, left));
            left -= Math.max(0, read);
            return read;
          }
        };
    return whole
        .newBuilder()
        .body(ResponseBody.create(Okio.buffer(source), body.contentType(), body.contentLength()))
        .build();
  }
}
