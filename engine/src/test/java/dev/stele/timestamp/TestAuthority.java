package dev.stele.timestamp;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;
import org.bouncycastle.tsp.TSPAlgorithms;
import org.bouncycastle.tsp.TimeStampRequest;
import org.bouncycastle.tsp.TimeStampResponse;
import org.bouncycastle.tsp.TimeStampResponseGenerator;
import org.bouncycastle.tsp.TimeStampTokenGenerator;

/**
 * A time-stamp authority as RFC 3161 has it, which a test can make another than it should be: a
 * root, one between, and the certificate that signs.
 */
public final class TestAuthority {
  private static final ASN1ObjectIdentifier POLICY = new ASN1ObjectIdentifier("1.2.3.4.1");
  private static final Duration DAY = Duration.ofDays(1);

  private final X509Certificate root;
  private final X509Certificate between;
  private final X509Certificate own;
  private final KeyPair keys;
  private Instant time = Instant.now();
  private TimeStampRequest instead;
  private int serial;

  private TestAuthority(
      X509Certificate root, X509Certificate between, X509Certificate own, KeyPair keys) {
    this.root = root;
    this.between = between;
    this.own = own;
    this.keys = keys;
  }

  public static TestAuthority create() throws Exception {
    return create(true, KeyPurposeId.id_kp_timeStamping);
  }

  static TestAuthority create(boolean critical, KeyPurposeId... purposes) throws Exception {
    KeyPair rootKeys = pair();
    KeyPair betweenKeys = pair();
    KeyPair keys = pair();
    JcaX509v3CertificateBuilder leaf = builder("CN=between", "CN=tsa.example.com", keys);
    leaf.addExtension(Extension.extendedKeyUsage, critical, new ExtendedKeyUsage(purposes));
    return new TestAuthority(
        sign(authority("CN=root", "CN=root", rootKeys), rootKeys),
        sign(authority("CN=root", "CN=between", betweenKeys), rootKeys),
        sign(leaf, betweenKeys),
        keys);
  }

  private static KeyPair pair() throws Exception {
    return KeyPairGenerator.getInstance("EC").generateKeyPair();
  }

  private static JcaX509v3CertificateBuilder builder(String issuer, String subject, KeyPair keys) {
    return new JcaX509v3CertificateBuilder(
        new X500Name(issuer),
        BigInteger.valueOf(System.nanoTime()),
        Date.from(Instant.now().minus(DAY)),
        Date.from(Instant.now().plus(DAY)),
        new X500Name(subject),
        keys.getPublic());
  }

  private static JcaX509v3CertificateBuilder authority(String issuer, String subject, KeyPair keys)
      throws Exception {
    JcaX509v3CertificateBuilder builder = builder(issuer, subject, keys);
    builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(true));
    builder.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign));
    return builder;
  }

  private static X509Certificate sign(JcaX509v3CertificateBuilder builder, KeyPair by)
      throws Exception {
    return new JcaX509CertificateConverter()
        .getCertificate(
            builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(by.getPrivate())));
  }

  /** To which its certificate leads. */
  public X509Certificate root() {
    return root;
  }

  X509Certificate own() {
    return own;
  }

  /** Has it say another time. */
  public void setClock(Instant at) {
    time = at;
  }

  /** Has it answer to that, whatever it is asked. */
  public void answerTo(byte[] query) throws Exception {
    instead = new TimeStampRequest(query);
  }

  /** What it answers. */
  public byte[] answer(byte[] query) throws Exception {
    return response(query).getEncoded();
  }

  /** The token of what it answers. */
  byte[] token(byte[] query) throws Exception {
    return response(query).getTimeStampToken().getEncoded();
  }

  private TimeStampResponse response(byte[] query) throws Exception {
    TimeStampRequest asked = instead == null ? new TimeStampRequest(query) : instead;
    TimeStampTokenGenerator tokens =
        new TimeStampTokenGenerator(
            new JcaSimpleSignerInfoGeneratorBuilder()
                .build("SHA256withECDSA", keys.getPrivate(), own),
            new JcaDigestCalculatorProviderBuilder()
                .build()
                .get(new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256)),
            POLICY);
    if (asked.getCertReq()) {
      tokens.addCertificates(new JcaCertStore(List.of(own, between)));
    }
    return new TimeStampResponseGenerator(tokens, TSPAlgorithms.ALLOWED)
        .generate(asked, BigInteger.valueOf(++serial), Date.from(time));
  }
}
