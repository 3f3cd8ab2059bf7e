package dev.stele.server.auth;

import com.unboundid.ldap.sdk.DN;
import com.unboundid.ldap.sdk.LDAPConnectionOptions;
import com.unboundid.ldap.sdk.LDAPConnectionPool;
import com.unboundid.ldap.sdk.LDAPException;
import com.unboundid.ldap.sdk.LDAPSearchException;
import com.unboundid.ldap.sdk.ResultCode;
import com.unboundid.ldap.sdk.SearchRequest;
import com.unboundid.ldap.sdk.SearchResultEntry;
import com.unboundid.ldap.sdk.SearchScope;
import com.unboundid.ldap.sdk.SimpleBindRequest;
import com.unboundid.ldap.sdk.SingleServerSet;
import com.unboundid.ldap.sdk.StartTLSPostConnectProcessor;
import com.unboundid.util.ssl.HostNameSSLSocketVerifier;
import dev.stele.event.Identity;
import dev.stele.log.RepeatedWarning;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.RefusedRequestException;
import java.io.IOException;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.net.SocketFactory;
import javax.net.ssl.SSLContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Vouches for the users of a directory: finds the entry of a name, and binds as that with the
 * password. They are known by what their entry says, not by what they typed, and count for as long
 * as what was right is remembered. The directory is asked by a bounded number of connections, and
 * not before somebody signs in; nobody waits longer than its timeout for one, and for each answer.
 * Thread-safe.
 */
final class LdapDirectory implements IdentityProvider {
  private static final Logger logger = LoggerFactory.getLogger(LdapDirectory.class);
  private static final int LARGEST_MESSAGE = 4 << 20;
  private static final int MOST_GROUPS = 1_000;

  /** What a bind answers that says nothing of the password. */
  private static final Set<ResultCode> AWAY =
      Set.of(ResultCode.BUSY, ResultCode.UNAVAILABLE, ResultCode.TIME_LIMIT_EXCEEDED);

  private final RepeatedWarning failures = new RepeatedWarning(logger);
  private final LdapSettings settings;
  private final Optional<HtpasswdUsers> users;
  private final SourceMetrics metrics;
  private final LDAPConnectionPool pool;

  /**
   * @param users whose names are theirs alone
   * @param metrics is told whether it could be asked
   * @throws IOException if the authorities to trust cannot be read; the message is fit for people
   */
  LdapDirectory(LdapSettings settings, Optional<HtpasswdUsers> users, SourceMetrics metrics)
      throws IOException {
    this.settings = settings;
    this.users = users;
    this.metrics = metrics;
    int millis = Math.toIntExact(settings.timeout().toMillis());
    LDAPConnectionOptions options = new LDAPConnectionOptions();
    options.setConnectTimeoutMillis(millis);
    options.setResponseTimeoutMillis(millis);
    options.setUseSynchronousMode(true);
    options.setFollowReferrals(false);
    options.setBindWithDNRequiresPassword(true);
    options.setMaxMessageSize(LARGEST_MESSAGE);
    // Without it, whoever has any certificate that is trusted could be the directory.
    options.setSSLSocketVerifier(new HostNameSSLSocketVerifier(true));
    SSLContext tls = tls();
    SocketFactory sockets =
        settings.transport() == LdapSettings.Transport.TLS
            ? tls.getSocketFactory()
            : SocketFactory.getDefault();
    try {
      this.pool =
          new LDAPConnectionPool(
              new SingleServerSet(
                  settings.server().host(), settings.server().port(), sockets, options),
              settings
                  .bind()
                  .map(bind -> new SimpleBindRequest(bind.dn(), bind.password()))
                  .orElse(null),
              0,
              settings.connections(),
              settings.transport() == LdapSettings.Transport.START_TLS
                  ? new StartTLSPostConnectProcessor(tls)
                  : null);
    } catch (LDAPException e) {
      throw new IOException(settings.section() + ": " + e.getMessage(), e);
    }
    pool.setConnectionPoolName(settings.section());
    pool.setCreateIfNecessary(false);
    pool.setMaxWaitTimeMillis(millis);
    pool.setRetryFailedOperationsDueToInvalidConnections(true);
  }

  private SSLContext tls() throws IOException {
    if (settings.authorities().isPresent()) {
      return new PemFile(settings.section() + ".ca", settings.authorities().get()).trusting();
    }
    try {
      return SSLContext.getDefault();
    } catch (NoSuchAlgorithmException e) {
      throw new IOException(settings.section() + ": " + e.getMessage(), e);
    }
  }

  @Override
  public String section() {
    return settings.section();
  }

  @Override
  public String means() {
    return Credential.Password.MEANS;
  }

  @Override
  public Optional<Verdict> judge(Credential credential) {
    if (!(credential instanceof Credential.Password(String user, String password))) {
      return Optional.empty();
    }
    if (password.isEmpty() || !SignedIn.isName(user)) {
      // Of an empty one, some directories say that it is right: nobody was authenticated.
      return Optional.of(refused("the name or the password is none"));
    }
    try {
      Verdict verdict = judge(user, password);
      metrics.succeeded();
      return Optional.of(verdict);
    } catch (LDAPException e) {
      metrics.failed();
      throw unavailable(e);
    }
  }

  private Verdict judge(String user, String password) throws LDAPException {
    Instant until = Instant.now().plus(VerifiedCredentials.LIFETIME);
    List<String> attributes = new ArrayList<>(List.of(settings.userName()));
    if (settings.groups().orElse(null) instanceof LdapSettings.Groups.Attribute(String groups)) {
      attributes.add(groups);
    }
    List<SearchResultEntry> found =
        search(settings.userBase(), settings.userFilter(), user, "", 1, attributes);
    if (found.size() != 1) {
      return refused(found.isEmpty() ? "there is no such user" : "several users have this name");
    }
    SearchResultEntry entry = found.getFirst();
    String name = entry.getAttributeValue(settings.userName());
    if (name == null
        || !SignedIn.isUserName(name)
        || entry.getAttributeValues(settings.userName()).length != 1) {
      return refused(
          Verdict.Reason.NO_NAME,
          "%s has no %s that can be a name, or several"
              .formatted(entry.getDN(), settings.userName()));
    }
    if (isTaken(name)) {
      return refused(
          Verdict.Reason.NO_NAME,
          "%s is called %s, as a user of htpasswd is".formatted(entry.getDN(), name));
    }
    try {
      pool.bindAndRevertAuthentication(new SimpleBindRequest(entry.getDN(), password));
    } catch (LDAPException e) {
      if (!e.getResultCode().isConnectionUsable() || AWAY.contains(e.getResultCode())) {
        throw e;
      }
      return refused("the directory does not accept the password: " + e.getResultCode());
    }
    Set<String> groups = new HashSet<>();
    List<String> in = groups(entry, name);
    if (in.size() > MOST_GROUPS) {
      return refused(
          Verdict.Reason.TOO_MANY_GROUPS,
          "%s is in more than %d groups".formatted(entry.getDN(), MOST_GROUPS));
    }
    in.stream()
        .filter(SignedIn::isName)
        .forEach(group -> groups.add(settings.name() + ":" + group));
    return new Verdict.Accepted(
        new SignedIn(
            new Identity(name, Identity.Kind.USER, Optional.of(settings.name())),
            groups,
            Optional.empty(),
            Optional.of(until)));
  }

  private Verdict refused(String why) {
    return refused(Verdict.Reason.WRONG_PASSWORD, why);
  }

  private Verdict refused(Verdict.Reason reason, String why) {
    return new Verdict.Refused(reason, section() + ": " + why);
  }

  private List<String> groups(SearchResultEntry user, String typed) throws LDAPException {
    List<String> names = new ArrayList<>();
    switch (settings.groups().orElse(null)) {
      case null -> {}
      case LdapSettings.Groups.Attribute(String attribute) -> {
        String[] values = user.getAttributeValues(attribute);
        for (String value : values == null ? new String[0] : values) {
          names.add(nameOf(value));
        }
      }
      case LdapSettings.Groups.Search(DN base, LdapFilter filter) -> {
        for (SearchResultEntry entry :
            search(base, filter, typed, user.getDN(), MOST_GROUPS, List.of("cn"))) {
          Optional.ofNullable(entry.getAttributeValue("cn")).ifPresent(names::add);
        }
      }
    }
    return names;
  }

  /** Of a DN the first value; else the text itself. */
  private static String nameOf(String group) {
    try {
      return group.indexOf('=') < 0 || DN.NULL_DN.equals(new DN(group))
          ? group
          : new DN(group).getRDN().getAttributeValues()[0];
    } catch (LDAPException e) {
      return group;
    }
  }

  /**
   * The entries that match.
   *
   * @param most one more is answered if there are more
   */
  private List<SearchResultEntry> search(
      DN base, LdapFilter filter, String user, String dn, int most, List<String> attributes)
      throws LDAPException {
    SearchRequest request =
        new SearchRequest(
            base.toString(),
            SearchScope.SUB,
            filter.of(user, dn),
            attributes.toArray(new String[0]));
    request.setSizeLimit(most + 1);
    request.setTimeLimitSeconds(Math.max(1, Math.toIntExact(settings.timeout().toSeconds())));
    try {
      return pool.search(request).getSearchEntries();
    } catch (LDAPSearchException e) {
      if (e.getResultCode().equals(ResultCode.SIZE_LIMIT_EXCEEDED)
          && e.getSearchEntries().size() > most) {
        return e.getSearchEntries();
      }
      throw e;
    }
  }

  private RefusedRequestException unavailable(LDAPException e) {
    String message =
        "%s cannot be asked: %s (%s)"
            .formatted(section(), e.getExceptionMessage(), e.getResultCode());
    failures.warn(e.getResultCode().getName(), message);
    return new DistributionError(
            503, ErrorCode.UNAVAILABLE, "the directory that knows users cannot be asked now")
        .with("Retry-After", "5")
        .asException();
  }

  @Override
  public boolean vouchesFor(Identity identity, Optional<String> credential) {
    return identity.kind() == Identity.Kind.USER
        && identity.issuer().equals(Optional.of(settings.name()))
        && !isTaken(identity.name());
  }

  private boolean isTaken(String name) {
    return users.filter(file -> file.knows(name).orElseThrow()).isPresent();
  }

  /** Another once somebody may have become a user of the file. */
  @Override
  public Object state() {
    return users.map(HtpasswdUsers::state).orElse(this);
  }

  @Override
  public Optional<Boolean> knows(String called) {
    return called.indexOf(':') < 0 || called.startsWith(settings.name() + ":")
        ? Optional.empty()
        : Optional.of(false);
  }

  @Override
  public void close() {
    pool.close();
  }
}
