package dev.stele.server;

import dev.stele.blob.FileFailure;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;

/**
 * The files by which a server proves who it is.
 *
 * @param certificate PEM: the server's own certificate first, then those between it and a root
 * @param key PEM: the private key of that, not encrypted; RSA, EC or Ed25519, in whatever of their
 *     forms
 */
public record TlsFiles(Path certificate, Path key) {
  /** Nothing is protected by this but what is in memory. */
  static final char[] PASSWORD = {'m', 'e', 'm', 'o', 'r', 'y'};

  private static final String ALIAS = "server";

  /** What tells a version of the files. */
  record Version(FileTime certificate, FileTime key) {}

  /** What they are now. */
  Version version() throws IOException {
    return new Version(Files.getLastModifiedTime(certificate), Files.getLastModifiedTime(key));
  }

  /**
   * Reads them.
   *
   * @throws StartupException naming the file that cannot be used, and why
   */
  KeyStore read(Instant now) throws StartupException {
    List<X509Certificate> chain = certificates();
    PrivateKey own = privateKey();
    X509Certificate first = chain.getFirst();
    if (!belongs(own, first.getPublicKey())) {
      throw unusable(
          "tls.key",
          key,
          "it is not the key of the first certificate in " + certificate,
          Optional.empty());
    }
    if (first.getNotAfter().toInstant().isBefore(now)) {
      throw unusable(
          "tls.certificate",
          certificate,
          "it ended at " + first.getNotAfter().toInstant(),
          Optional.empty());
    }
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(ALIAS, own, PASSWORD, chain.toArray(new Certificate[0]));
      return store;
    } catch (GeneralSecurityException | IOException e) {
      throw unusable(
          "tls.certificate", certificate, String.valueOf(e.getMessage()), Optional.of(e));
    }
  }

  private List<X509Certificate> certificates() throws StartupException {
    List<X509Certificate> chain = new ArrayList<>();
    for (Object each : parse("tls.certificate", certificate)) {
      if (each instanceof X509CertificateHolder holder) {
        try {
          chain.add(new JcaX509CertificateConverter().getCertificate(holder));
        } catch (GeneralSecurityException e) {
          throw unusable(
              "tls.certificate", certificate, String.valueOf(e.getMessage()), Optional.of(e));
        }
      }
    }
    if (chain.isEmpty()) {
      throw unusable(
          "tls.certificate", certificate, "it has no BEGIN CERTIFICATE", Optional.empty());
    }
    return chain;
  }

  private PrivateKey privateKey() throws StartupException {
    JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
    for (Object each : parse("tls.key", key)) {
      try {
        switch (each) {
          case PrivateKeyInfo info -> {
            return converter.getPrivateKey(info);
          }
          case PEMKeyPair pair -> {
            return converter.getPrivateKey(pair.getPrivateKeyInfo());
          }
          case PEMEncryptedKeyPair _, PKCS8EncryptedPrivateKeyInfo _ ->
              throw unusable(
                  "tls.key",
                  key,
                  "it is encrypted; keep it unencrypted, readable by the server's user alone",
                  Optional.empty());
          default -> {} // Such as the parameters of a curve.
        }
      } catch (IOException e) {
        throw unusable("tls.key", key, String.valueOf(e.getMessage()), Optional.of(e));
      }
    }
    throw unusable("tls.key", key, "it has no BEGIN PRIVATE KEY", Optional.empty());
  }

  private static List<Object> parse(String name, Path file) throws StartupException {
    List<Object> found = new ArrayList<>();
    try (PEMParser parser = new PEMParser(new StringReader(Files.readString(file)))) {
      for (Object next = parser.readObject(); next != null; next = parser.readObject()) {
        found.add(next);
      }
      return found;
    } catch (NoSuchFileException e) {
      throw unusable(name, file, "there is no such file", Optional.of(e));
    } catch (java.nio.file.FileSystemException e) {
      throw unusable(name, file, FileFailure.reason(e), Optional.of(e));
    } catch (IOException | RuntimeException e) {
      throw unusable(name, file, "it is not PEM", Optional.of(e));
    }
  }

  private static boolean belongs(PrivateKey own, PublicKey certified) {
    String algorithm =
        switch (own.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC", "ECDSA" -> "SHA256withECDSA";
          default -> "EdDSA";
        };
    try {
      byte[] text = {1, 2, 3};
      Signature signer = Signature.getInstance(algorithm);
      signer.initSign(own);
      signer.update(text);
      byte[] signed = signer.sign();
      Signature verifier = Signature.getInstance(algorithm);
      verifier.initVerify(certified);
      verifier.update(text);
      return verifier.verify(signed);
    } catch (GeneralSecurityException e) {
      return false; // Of another kind than the certificate's.
    }
  }

  private static StartupException unusable(
      String key, Path file, String why, Optional<Exception> cause) {
    String message = "%s: %s cannot be used: %s".formatted(key, file, why);
    return cause
        .map(e -> new StartupException(message, e))
        .orElseGet(() -> new StartupException(message));
  }
}
