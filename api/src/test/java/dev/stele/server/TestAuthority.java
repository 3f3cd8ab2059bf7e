package dev.stele.server;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CRLReason;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v2CRLBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/** An authority that issues certificates to clients, and revokes them. */
record TestAuthority(KeyPair keys, X509Certificate certificate) {
  private static final char[] PASSWORD = "memory".toCharArray();
  private static final Duration DAY = Duration.ofDays(1);

  /** A client's certificate and its key. */
  record Issued(KeyPair keys, X509Certificate certificate) {}

  static TestAuthority named(String name) throws Exception {
    KeyPair keys = pair();
    JcaX509v3CertificateBuilder root =
        builder(new X500Name(name), new X500Name(name), keys, DAY.multipliedBy(2));
    root.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
    root.addExtension(
        Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    return new TestAuthority(keys, signed(root, keys));
  }

  Issued issue(String subject, GeneralName... others) throws Exception {
    return issue(KeyPurposeId.id_kp_clientAuth, DAY, subject, others);
  }

  Issued issue(KeyPurposeId purpose, Duration lifetime, String subject, GeneralName... others)
      throws Exception {
    KeyPair own = pair();
    JcaX509v3CertificateBuilder leaf =
        builder(
            X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded()),
            new X500Name(subject),
            own,
            lifetime);
    leaf.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(purpose));
    if (others.length > 0) {
      leaf.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(others));
    }
    return new Issued(own, signed(leaf, keys));
  }

  X509CRL revoke(X509Certificate... revoked) throws Exception {
    X509v2CRLBuilder list =
        new X509v2CRLBuilder(
            X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded()),
            Date.from(Instant.now().minusSeconds(60)));
    list.setNextUpdate(Date.from(Instant.now().plus(DAY)));
    for (X509Certificate each : revoked) {
      list.addCRLEntry(each.getSerialNumber(), Date.from(Instant.now()), CRLReason.keyCompromise);
    }
    return new JcaX509CRLConverter()
        .getCRL(
            list.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
  }

  /** The context of a client that has a certificate and trusts a server's. */
  static SSLContext context(Issued own, TestCertificate server) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    store.setKeyEntry(
        "own", own.keys().getPrivate(), PASSWORD, new Certificate[] {own.certificate()});
    store.setCertificateEntry("server", server.certificate());
    KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
    keys.init(store, PASSWORD);
    TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
    trust.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private static KeyPair pair() throws Exception {
    return KeyPairGenerator.getInstance("EC").generateKeyPair();
  }

  private static JcaX509v3CertificateBuilder builder(
      X500Name issuer, X500Name subject, KeyPair keys, Duration lifetime) {
    Instant now = Instant.now();
    return new JcaX509v3CertificateBuilder(
        issuer,
        new BigInteger(64, new SecureRandom()),
        Date.from(now.minus(Duration.ofDays(2))),
        Date.from(now.plus(lifetime)),
        subject,
        keys.getPublic());
  }

  private static X509Certificate signed(JcaX509v3CertificateBuilder builder, KeyPair issuer)
      throws Exception {
    return new JcaX509CertificateConverter()
        .getCertificate(
            builder.build(
                new JcaContentSignerBuilder("SHA256withECDSA").build(issuer.getPrivate())));
  }
}
