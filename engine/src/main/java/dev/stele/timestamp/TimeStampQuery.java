package dev.stele.timestamp;

import java.io.IOException;
import java.math.BigInteger;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.util.Collection;
import java.util.Optional;
import org.bouncycastle.tsp.TSPAlgorithms;
import org.bouncycastle.tsp.TSPException;
import org.bouncycastle.tsp.TimeStampRequest;
import org.bouncycastle.tsp.TimeStampRequestGenerator;
import org.bouncycastle.tsp.TimeStampResponse;

/**
 * What a time-stamp authority is asked: to say, with its certificates, when it saw the SHA-256 of
 * some bytes. With a nonce, so that no answer from before is taken for one to this. Immutable and
 * thread-safe.
 */
public final class TimeStampQuery {
  private static final int NONCE_BITS = 64;

  private final byte[] data;
  private final TimeStampRequest request;

  private TimeStampQuery(byte[] data, TimeStampRequest request) {
    this.data = data;
    this.request = request;
  }

  /** A question about some bytes. */
  public static TimeStampQuery about(byte[] data) {
    TimeStampRequestGenerator generator = new TimeStampRequestGenerator();
    generator.setCertReq(true);
    return new TimeStampQuery(
        data.clone(),
        generator.generate(
            TSPAlgorithms.SHA256,
            TimeStamp.sha256(data),
            new BigInteger(NONCE_BITS, new SecureRandom())));
  }

  /** As it is sent, in DER. */
  public byte[] bytes() {
    try {
      return request.getEncoded();
    } catch (IOException e) {
      throw new IllegalStateException(e); // Memory does not fail.
    }
  }

  /**
   * Takes the token out of an answer.
   *
   * @param response in DER
   * @param trusted of whose certificates one must lead to these; see {@link TimeStamp#verify}
   * @return the token in DER, which {@link TimeStamp#verify} accepts
   * @throws TimeStampException if it is no answer to this question, refuses it, or has a token that
   *     shows nothing
   */
  public byte[] accept(byte[] response, Collection<X509Certificate> trusted)
      throws TimeStampException {
    byte[] token;
    try {
      TimeStampResponse answer = new TimeStampResponse(response);
      if (answer.getTimeStampToken() == null) {
        throw new TimeStampException(
            "it gave no token: status %d%s"
                .formatted(
                    answer.getStatus(),
                    Optional.ofNullable(answer.getStatusString())
                        .map(text -> ", " + text.replaceAll("\\p{Cntrl}+", " "))
                        .orElse("")));
      }
      answer.validate(request);
      token = answer.getTimeStampToken().getEncoded();
    } catch (TSPException | IOException | RuntimeException e) {
      throw new TimeStampException(
          "what it answered is no answer to what it was asked: " + TimeStamp.reason(e), e);
    }
    TimeStamp _ = TimeStamp.verify(token, data, trusted);
    return token;
  }
}
