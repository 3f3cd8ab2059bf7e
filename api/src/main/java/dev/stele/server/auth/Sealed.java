package dev.stele.server.auth;

import com.nimbusds.jose.EncryptionMethod;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWEAlgorithm;
import com.nimbusds.jose.JWEHeader;
import com.nimbusds.jose.crypto.DirectDecrypter;
import com.nimbusds.jose.crypto.DirectEncrypter;
import com.nimbusds.jwt.EncryptedJWT;
import com.nimbusds.jwt.JWTClaimsSet;
import java.text.ParseException;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.Map;
import java.util.Optional;

/**
 * What the registry gives to somebody to keep for a while, who can neither read nor change it (JWT,
 * encrypted by A256GCM), so that nothing has to be kept here for strangers. All nodes over a
 * database read each other's. Thread-safe.
 */
final class Sealed {
  private static final int LONGEST = 8_192;

  private final byte[] key;
  private final String purpose;

  /**
   * @param secret that all nodes have
   * @param purpose so that what is made for one counts for no other
   */
  Sealed(ServerKey secret, String purpose) {
    this.key = secret.derive(purpose);
    this.purpose = purpose;
  }

  /** Seals some texts, for so long. */
  String seal(Map<String, String> texts, Duration lifetime) {
    JWTClaimsSet.Builder claims =
        new JWTClaimsSet.Builder()
            .audience(purpose)
            .expirationTime(Date.from(Instant.now().plus(lifetime)));
    texts.forEach(claims::claim);
    EncryptedJWT sealed =
        new EncryptedJWT(new JWEHeader(JWEAlgorithm.DIR, EncryptionMethod.A256GCM), claims.build());
    try {
      sealed.encrypt(new DirectEncrypter(key));
    } catch (JOSEException e) {
      throw new IllegalStateException("every JDK has AES-GCM", e);
    }
    return sealed.serialize();
  }

  /** What was sealed; empty if it was not sealed here for this, or its time is over. */
  Optional<Map<String, Object>> open(String text) {
    if (text.length() > LONGEST) {
      return Optional.empty();
    }
    try {
      EncryptedJWT sealed = EncryptedJWT.parse(text);
      if (!JWEAlgorithm.DIR.equals(sealed.getHeader().getAlgorithm())
          || !EncryptionMethod.A256GCM.equals(sealed.getHeader().getEncryptionMethod())
          || sealed.getHeader().getCompressionAlgorithm() != null) {
        return Optional.empty();
      }
      sealed.decrypt(new DirectDecrypter(key));
      JWTClaimsSet claims = sealed.getJWTClaimsSet();
      return claims != null
              && claims.getAudience().contains(purpose)
              && claims.getExpirationTime() != null
              && Instant.now().isBefore(claims.getExpirationTime().toInstant())
          ? Optional.of(claims.getClaims())
          : Optional.empty();
    } catch (ParseException | JOSEException | IllegalArgumentException e) {
      return Optional.empty(); // Whatever it is, it was not sealed here.
    }
  }
}
