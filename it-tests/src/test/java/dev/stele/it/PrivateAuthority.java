package dev.stele.it;

import java.io.IOException;
import java.io.OutputStream;
import java.io.StringWriter;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.openssl.jcajce.JcaPEMWriter;
import org.bouncycastle.openssl.jcajce.JcaPKCS8Generator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A certificate authority that no client knows, and certificates of it for a server on this machine
 * and for a client, as files.
 *
 * @param folder for the clients of containers: it has {@code ca.crt} alone
 * @param store for those in Java
 * @param client for a client of containers that signs in as {@code builder}: its certificate, too
 * @param certificate the server's
 * @param key of that
 */
record PrivateAuthority(Path folder, Path client, Path store, Path certificate, Path key) {
  static final String PASSWORD = "changeit";
  private static final X500Name AUTHORITY = new X500Name("CN=an authority of its own");

  /** A new one below a folder. */
  static PrivateAuthority in(Path parent) throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    KeyPair own = generator.generateKeyPair();
    KeyPair server = generator.generateKeyPair();
    JcaX509v3CertificateBuilder root = builder(AUTHORITY, own);
    root.addExtension(Extension.basicConstraints, true, new BasicConstraints(0));
    root.addExtension(
        Extension.keyUsage, true, new KeyUsage(KeyUsage.keyCertSign | KeyUsage.cRLSign));
    JcaX509v3CertificateBuilder leaf = builder(new X500Name("CN=server"), server);
    leaf.addExtension(
        Extension.subjectAlternativeName,
        false,
        new GeneralNames(
            new GeneralName[] {
              new GeneralName(GeneralName.iPAddress, "127.0.0.1"),
              new GeneralName(GeneralName.dNSName, "localhost")
            }));
    X509Certificate authority = signed(root, own.getPrivate());
    PrivateAuthority made =
        new PrivateAuthority(
            Files.createDirectories(parent.resolve("ca")),
            Files.createDirectories(parent.resolve("client")),
            parent.resolve("ca.p12"),
            parent.resolve("server.pem"),
            parent.resolve("server.key"));
    Files.writeString(made.folder.resolve("ca.crt"), pem(authority));
    Files.writeString(made.certificate, pem(signed(leaf, own.getPrivate())));
    // As others do: the JDK writes no curve into the older form.
    Files.writeString(made.key, pem(new JcaPKCS8Generator(server.getPrivate(), null)));
    KeyPair client = generator.generateKeyPair();
    Files.writeString(made.client.resolve("ca.crt"), pem(authority));
    Files.writeString(
        made.client.resolve("client.cert"),
        pem(signed(builder(new X500Name("CN=builder"), client), own.getPrivate())));
    Files.writeString(
        made.client.resolve("client.key"), pem(new JcaPKCS8Generator(client.getPrivate(), null)));
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("ca", authority);
    try (OutputStream out = Files.newOutputStream(made.store)) {
      trusted.store(out, PASSWORD.toCharArray());
    }
    return made;
  }

  @SuppressWarnings("JavaUtilDate") // What Bouncy Castle asks for.
  private static JcaX509v3CertificateBuilder builder(X500Name subject, KeyPair keys) {
    Instant now = Instant.now();
    return new JcaX509v3CertificateBuilder(
        AUTHORITY,
        new BigInteger(64, new java.security.SecureRandom()),
        Date.from(now.minus(Duration.ofDays(1))),
        Date.from(now.plus(Duration.ofDays(1))),
        subject,
        keys.getPublic());
  }

  private static X509Certificate signed(JcaX509v3CertificateBuilder builder, PrivateKey key)
      throws Exception {
    return new JcaX509CertificateConverter()
        .getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(key)));
  }

  private static String pem(Object object) throws IOException {
    StringWriter text = new StringWriter();
    try (JcaPEMWriter writer = new JcaPEMWriter(text)) {
      writer.writeObject(object);
    }
    return text.toString();
  }

  /** A context that trusts it alone. */
  SSLContext trusted() throws Exception {
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(KeyStore.getInstance(store.toFile(), PASSWORD.toCharArray()));
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, trust.getTrustManagers(), null);
    return context;
  }
}
