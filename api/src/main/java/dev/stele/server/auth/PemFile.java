package dev.stele.server.auth;

import dev.stele.blob.FileFailure;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.bouncycastle.cert.X509CRLHolder;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CRLConverter;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMParser;

/**
 * A file in PEM that the configuration names. What cannot be used is an {@link IOException} whose
 * message names key and file and is fit for people.
 *
 * @param key of the configuration
 */
public record PemFile(String key, Path path) {
  /** What it has, whatever that is. */
  public List<Object> objects() throws IOException {
    List<Object> found = new ArrayList<>();
    try (PEMParser parser = new PEMParser(new StringReader(Files.readString(path)))) {
      for (Object next = parser.readObject(); next != null; next = parser.readObject()) {
        found.add(next);
      }
      return found;
    } catch (NoSuchFileException e) {
      throw unusable("there is no such file", e);
    } catch (FileSystemException e) {
      throw unusable(FileFailure.reason(e), e);
    } catch (IOException | RuntimeException e) {
      throw unusable("it is not PEM", e);
    }
  }

  /** Its certificates, one at least. */
  public List<X509Certificate> certificates() throws IOException {
    List<X509Certificate> found = new ArrayList<>();
    for (Object each : objects()) {
      if (each instanceof X509CertificateHolder holder) {
        try {
          found.add(new JcaX509CertificateConverter().getCertificate(holder));
        } catch (GeneralSecurityException e) {
          throw unusable(String.valueOf(e.getMessage()), e);
        }
      }
    }
    if (found.isEmpty()) {
      throw unusable("it has no BEGIN CERTIFICATE", null);
    }
    return found;
  }

  /** Its lists of revoked certificates, one at least. */
  public List<X509CRL> revocations() throws IOException {
    List<X509CRL> found = new ArrayList<>();
    for (Object each : objects()) {
      if (each instanceof X509CRLHolder holder) {
        try {
          found.add(new JcaX509CRLConverter().getCRL(holder));
        } catch (GeneralSecurityException e) {
          throw unusable(String.valueOf(e.getMessage()), e);
        }
      }
    }
    if (found.isEmpty()) {
      throw unusable("it has no BEGIN X509 CRL", null);
    }
    return found;
  }

  /** Its certificates as those to trust. */
  public KeyStore trusted() throws IOException {
    try {
      KeyStore store = KeyStore.getInstance("PKCS12");
      store.load(null, null);
      int number = 0;
      for (X509Certificate certificate : certificates()) {
        store.setCertificateEntry("ca-" + number++, certificate);
      }
      return store;
    } catch (GeneralSecurityException e) {
      throw unusable(String.valueOf(e.getMessage()), e);
    }
  }

  /** A context for connections to whoever has a certificate of these. */
  SSLContext trusting() throws IOException {
    KeyStore trusted = trusted();
    try {
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw unusable(String.valueOf(e.getMessage()), e);
    }
  }

  /** That it cannot be used. */
  public IOException unusable(String why, Throwable cause) {
    return new IOException("%s: %s cannot be used: %s".formatted(key, path, why), cause);
  }
}
