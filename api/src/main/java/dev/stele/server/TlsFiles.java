package dev.stele.server;

import dev.stele.server.auth.ClientCertificates;
import dev.stele.server.auth.PemFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.Certificate;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;

/**
 * The files by which a server proves who it is.
 *
 * @param certificate PEM: the server's own certificate first, then those between it and a root
 * @param key PEM: the private key of that, not encrypted; RSA, EC or Ed25519, in whatever of their
 *     forms
 * @param clients how clients prove who they are, if they can by certificates
 */
public record TlsFiles(Path certificate, Path key, Optional<ClientCertificates> clients) {
  /** Nothing is protected by this but what is in memory. */
  static final char[] PASSWORD = {'m', 'e', 'm', 'o', 'r', 'y'};

  private static final String ALIAS = "server";

  /** Without certificates of clients. */
  public TlsFiles(Path certificate, Path key) {
    this(certificate, key, Optional.empty());
  }

  /** The same with certificates of clients. */
  public TlsFiles withClients(ClientCertificates holders) {
    return new TlsFiles(certificate, key, Optional.of(holders));
  }

  /** What tells a version of the files. */
  record Version(List<FileTime> modified) {}

  /**
   * What they have.
   *
   * @param own by which the server proves who it is
   * @param authorities that are trusted about clients; absent: none is asked for a certificate
   * @param revoked which of their certificates do not count
   */
  record Read(KeyStore own, Optional<KeyStore> authorities, List<X509CRL> revoked) {
    /** What does not count for ever. */
    List<End> ends() {
      List<End> ends = new ArrayList<>();
      try {
        X509Certificate first = (X509Certificate) own.getCertificate(ALIAS);
        ends.add(
            End.of(
                first.getNotBefore().toInstant(),
                first.getNotAfter().toInstant(),
                "the server's certificate (tls.certificate) ends",
                "clients refuse it then"));
      } catch (GeneralSecurityException e) {
        throw new IllegalStateException(e); // It is in memory.
      }
      for (X509CRL list : revoked) {
        if (list.getNextUpdate() != null) {
          ends.add(
              End.of(
                  list.getThisUpdate().toInstant(),
                  list.getNextUpdate().toInstant(),
                  "a list of revoked certificates (tls.client-crl) ends",
                  "no certificate of a client counts then"));
        }
      }
      return ends;
    }
  }

  /**
   * Something that ends.
   *
   * @param due from then on somebody must see to it
   * @param words with when it ends, and what then
   */
  record End(Instant due, String words) {
    private static final Duration LONGEST_BEFORE = Duration.ofDays(7);
    private static final int PART_BEFORE = 5;

    static End of(Instant begin, Instant end, String what, String then) {
      Duration before = Duration.between(begin, end).dividedBy(PART_BEFORE);
      return new End(
          end.minus(before.compareTo(LONGEST_BEFORE) < 0 ? before : LONGEST_BEFORE),
          "%s at %s, and %s: put a new one in its place, which is read by itself"
              .formatted(what, end, then));
    }
  }

  /** What they are now. */
  Version version() throws IOException {
    List<Path> files = new ArrayList<>(List.of(certificate, key));
    clients.ifPresent(
        holders -> {
          files.add(holders.authorities());
          holders.revoked().ifPresent(files::add);
        });
    List<FileTime> modified = new ArrayList<>();
    for (Path file : files) {
      modified.add(Files.getLastModifiedTime(file));
    }
    return new Version(modified);
  }

  /**
   * Reads them.
   *
   * @throws StartupException naming the file that cannot be used, and why
   */
  Read read(Instant now) throws StartupException {
    try {
      KeyStore own = own(now);
      if (clients.isEmpty()) {
        return new Read(own, Optional.empty(), List.of());
      }
      Optional<Path> revoked = clients.get().revoked();
      return new Read(
          own,
          Optional.of(new PemFile("tls.client-ca", clients.get().authorities()).trusted()),
          revoked.isPresent()
              ? new PemFile("tls.client-crl", revoked.get()).revocations()
              : List.of());
    } catch (IOException e) {
      throw new StartupException(e.getMessage(), e);
    }
  }

  private KeyStore own(Instant now) throws IOException {
    PemFile certificates = new PemFile("tls.certificate", certificate);
    List<X509Certificate> chain = certificates.certificates();
    PrivateKey own = privateKey();
    X509Certificate first = chain.getFirst();
    if (!belongs(own, first.getPublicKey())) {
      throw new PemFile("tls.key", key)
          .unusable("it is not the key of the first certificate in " + certificate, null);
    }
    if (first.getNotAfter().toInstant().isBefore(now)) {
      throw certificates.unusable("it ended at " + first.getNotAfter().toInstant(), null);
    }
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      store.setKeyEntry(ALIAS, own, PASSWORD, chain.toArray(new Certificate[0]));
      return store;
    } catch (GeneralSecurityException e) {
      throw certificates.unusable(String.valueOf(e.getMessage()), e);
    }
  }

  private PrivateKey privateKey() throws IOException {
    PemFile file = new PemFile("tls.key", key);
    JcaPEMKeyConverter converter = new JcaPEMKeyConverter();
    for (Object each : file.objects()) {
      switch (each) {
        case PrivateKeyInfo info -> {
          return converted(file, converter, info);
        }
        case PEMKeyPair pair -> {
          return converted(file, converter, pair.getPrivateKeyInfo());
        }
        case PEMEncryptedKeyPair _, PKCS8EncryptedPrivateKeyInfo _ ->
            throw file.unusable(
                "it is encrypted; keep it unencrypted, readable by the server's user alone", null);
        default -> {} // Such as the parameters of a curve.
      }
    }
    throw file.unusable("it has no BEGIN PRIVATE KEY", null);
  }

  private static PrivateKey converted(
      PemFile file, JcaPEMKeyConverter converter, PrivateKeyInfo info) throws IOException {
    try {
      return converter.getPrivateKey(info);
    } catch (IOException e) {
      throw file.unusable(String.valueOf(e.getMessage()), e);
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
}
