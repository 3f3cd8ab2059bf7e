package dev.stele.timestamp;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.InvalidAlgorithmParameterException;
import java.security.MessageDigest;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.CMSException;
import org.bouncycastle.cms.CMSSignedData;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoVerifierBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.tsp.TSPAlgorithms;
import org.bouncycastle.tsp.TSPException;
import org.bouncycastle.tsp.TimeStampToken;

/**
 * What a token of a time-stamp authority says (RFC 3161): that some bytes were there at a time.
 *
 * @param at when, by the authority's clock
 * @param authority the subject of the certificate by which the token is signed
 */
public record TimeStamp(Instant at, String authority) {
  /** No token is larger, in bytes: it has some certificates and a signature. */
  public static final int LARGEST = 64 << 10;

  private static final String TIME_STAMPING = "1.3.6.1.5.5.7.3.8";

  /**
   * Checks that a token is one over the SHA-256 of some bytes, and that it is signed by a key whose
   * certificate is for time stamping alone, was valid at the time that the token says, and is one
   * of those that are trusted or leads to one. Whether a certificate was revoked is not looked up.
   *
   * @param token in DER
   * @throws TimeStampException if that is not so
   */
  public static TimeStamp verify(byte[] token, byte[] data, Collection<X509Certificate> trusted)
      throws TimeStampException {
    TimeStampToken parsed = parse(token);
    if (!TSPAlgorithms.SHA256.equals(parsed.getTimeStampInfo().getMessageImprintAlgOID())
        || !MessageDigest.isEqual(
            sha256(data), parsed.getTimeStampInfo().getMessageImprintDigest())) {
      throw new TimeStampException("the token is not over the SHA-256 of these bytes");
    }
    Instant at = parsed.getTimeStampInfo().getGenTime().toInstant();
    try {
      List<X509Certificate> sent = new ArrayList<>();
      for (X509CertificateHolder each : parsed.getCertificates().getMatches(null)) {
        sent.add(new JcaX509CertificateConverter().getCertificate(each));
      }
      X509Certificate signer = signer(parsed, sent, trusted);
      parsed.validate(new JcaSimpleSignerInfoVerifierBuilder().build(signer));
      if (!trusted.contains(signer)) {
        requirePath(signer, sent, trusted, at);
      }
      return new TimeStamp(at, signer.getSubjectX500Principal().getName());
    } catch (CertPathBuilderException | InvalidAlgorithmParameterException e) {
      throw new TimeStampException(
          "the token is signed by a certificate that leads to none that is trusted", e);
    } catch (TSPException
        | GeneralSecurityException
        | OperatorCreationException
        | IOException
        | RuntimeException e) {
      throw new TimeStampException("the token's signature cannot be checked: " + reason(e), e);
    }
  }

  static TimeStampToken parse(byte[] token) throws TimeStampException {
    try {
      if (token.length <= LARGEST) {
        return new TimeStampToken(new CMSSignedData(token));
      }
    } catch (TSPException | CMSException | IOException | RuntimeException e) {
      throw new TimeStampException("this is no time-stamp token: " + reason(e), e);
    }
    throw new TimeStampException(
        "this is no time-stamp token: it has more than %,d bytes".formatted(LARGEST));
  }

  private static X509Certificate signer(
      TimeStampToken token, List<X509Certificate> sent, Collection<X509Certificate> trusted)
      throws TimeStampException, GeneralSecurityException, IOException {
    List<X509Certificate> known = new ArrayList<>(sent);
    known.addAll(trusted);
    for (X509Certificate each : known) {
      if (token.getSID().match(new JcaX509CertificateHolder(each))) {
        return each;
      }
    }
    throw new TimeStampException("the token lacks the certificate by which it is signed");
  }

  private static void requirePath(
      X509Certificate signer,
      List<X509Certificate> sent,
      Collection<X509Certificate> trusted,
      Instant at)
      throws GeneralSecurityException, IOException {
    X509CertSelector target = new X509CertSelector();
    target.setCertificate(signer);
    target.setExtendedKeyUsage(Set.of(TIME_STAMPING));
    PKIXBuilderParameters parameters =
        new PKIXBuilderParameters(
            trusted.stream()
                .map(certificate -> new TrustAnchor(certificate, null))
                .collect(Collectors.toSet()),
            target);
    parameters.addCertStore(
        CertStore.getInstance("Collection", new CollectionCertStoreParameters(sent)));
    parameters.setDate(Date.from(at));
    parameters.setRevocationEnabled(false);
    CertPathBuilder.getInstance("PKIX").build(parameters);
  }

  static byte[] sha256(byte[] data) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(data);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e); // Every JDK has it.
    }
  }

  static String reason(Exception e) {
    return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
  }
}
