package dev.stele.server.auth;

import dev.stele.event.Identity;
import dev.stele.event.Identity.Kind;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import javax.naming.InvalidNameException;
import javax.naming.NamingException;
import javax.naming.directory.Attribute;
import javax.naming.ldap.LdapName;
import javax.naming.ldap.Rdn;

/**
 * Vouches for those who have a certificate of an authority and the key of that, which the handshake
 * of TLS has found: they are called {@code cert:} and what the certificate says.
 *
 * @param authorities PEM: those whose certificates count
 * @param required whether nobody can connect without one
 * @param name where a certificate says whose it is
 * @param unitsAreGroups whether its organizational units (OU) are groups
 * @param revoked PEM: lists of certificates that do not count any more
 */
public record ClientCertificates(
    Path authorities, boolean required, Name name, boolean unitsAreGroups, Optional<Path> revoked)
    implements IdentityProvider {
  /** What their names begin with, before the colon. */
  static final String SECTION = "cert";

  /** Where a certificate says whose it is. */
  public enum Name {
    /** The common name of its subject. */
    CN,
    /** The alternative name that is an address of mail. */
    EMAIL,
    /** The alternative name that is one of DNS. */
    DNS,
    /** The alternative name that is a URI, as SPIFFE has them. */
    URI
  }

  private static final int GENERAL_EMAIL = 1;
  private static final int GENERAL_DNS = 2;
  private static final int GENERAL_URI = 6;

  @Override
  public String section() {
    return SECTION;
  }

  @Override
  public String means() {
    return "a client certificate";
  }

  @Override
  public Optional<Verdict> judge(Credential credential) {
    return credential instanceof Credential.Certificate(X509Certificate certificate)
        ? Optional.of(judge(certificate))
        : Optional.empty();
  }

  private Verdict judge(X509Certificate certificate) {
    if (Instant.now().isAfter(certificate.getNotAfter().toInstant())) {
      // It was looked at when the connection was made, which may last for longer.
      return new Verdict.Ended(
          Verdict.Reason.CERTIFICATE_EXPIRED,
          "the certificate ended at " + certificate.getNotAfter().toInstant());
    }
    Collection<String> names = name == Name.CN ? subject(certificate, "CN") : others(certificate);
    if (names.size() != 1 || !SignedIn.isName(names.iterator().next())) {
      // Of several, nobody could say which is meant.
      return new Verdict.Refused(
          Verdict.Reason.NO_NAME,
          "the certificate must have exactly one name (tls.client-name: %s), and has %d that can be one"
              .formatted(
                  name.name().toLowerCase(Locale.ROOT),
                  names.stream().filter(SignedIn::isName).count()));
    }
    Set<String> groups = new HashSet<>();
    if (unitsAreGroups) {
      subject(certificate, "OU").stream()
          .filter(SignedIn::isName)
          .forEach(unit -> groups.add(SECTION + ":" + unit));
    }
    return new Verdict.Accepted(
        new SignedIn(
            new Identity(
                SECTION + ":" + names.iterator().next(), Kind.CERTIFICATE, Optional.of(SECTION)),
            groups,
            Optional.of(fingerprint(certificate)),
            Optional.of(certificate.getNotAfter().toInstant())));
  }

  /** What the subject says of an attribute. */
  private static Set<String> subject(X509Certificate certificate, String attribute) {
    Set<String> found = new TreeSet<>();
    try {
      for (Rdn rdn : new LdapName(certificate.getSubjectX500Principal().getName()).getRdns()) {
        Attribute values = rdn.toAttributes().get(attribute);
        for (int i = 0; values != null && i < values.size(); i++) {
          found.add(String.valueOf(values.get(i)));
        }
      }
      return found;
    } catch (InvalidNameException e) {
      return Set.of();
    } catch (NamingException e) {
      throw new IllegalStateException("what is in memory can be had", e);
    }
  }

  private Set<String> others(X509Certificate certificate) {
    int type =
        switch (name) {
          case EMAIL -> GENERAL_EMAIL;
          case DNS -> GENERAL_DNS;
          case URI -> GENERAL_URI;
          case CN -> throw new IllegalStateException("the common name is the subject's");
        };
    Set<String> found = new TreeSet<>();
    try {
      Collection<List<?>> all = certificate.getSubjectAlternativeNames();
      for (List<?> each : all == null ? List.<List<?>>of() : all) {
        if (each.getFirst().equals(type)) {
          found.add(String.valueOf(each.get(1)));
        }
      }
      return found;
    } catch (CertificateParsingException e) {
      return Set.of();
    }
  }

  private static String fingerprint(X509Certificate certificate) {
    try {
      return HexFormat.of()
          .formatHex(MessageDigest.getInstance("SHA-256").digest(certificate.getEncoded()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  @Override
  public boolean vouchesFor(Identity identity, Optional<String> credential) {
    return identity.kind() == Kind.CERTIFICATE;
  }

  @Override
  public Optional<Boolean> knows(String called) {
    return called.startsWith(SECTION + ":") ? Optional.empty() : Optional.of(false);
  }
}
