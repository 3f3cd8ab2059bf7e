package dev.stele.server.auth;

import com.unboundid.ldap.sdk.Filter;
import com.unboundid.ldap.sdk.LDAPException;

/**
 * A search filter in which <code>{user}</code> stands for the name that somebody signs in by, and
 * <code>{dn}</code> for the DN of their entry. What is put there is escaped, so it is never more
 * than a value. Immutable.
 *
 * @param text as it was written
 */
public record LdapFilter(String text) {
  private static final String USER = "{user}";
  private static final String DN = "{dn}";

  /**
   * A filter.
   *
   * @throws IllegalArgumentException if it is none, or has nothing to put in
   */
  public LdapFilter {
    if (!text.contains(USER) && !text.contains(DN)) {
      throw new IllegalArgumentException(
          "must have {user} or {dn} where that belongs, such as (uid={user}), not \"" + text + '"');
    }
    try {
      Filter _ = filled(text, "x", "x");
    } catch (LDAPException e) {
      throw new IllegalArgumentException(
          "must be a filter, such as (uid={user}), not \"%s\": %s".formatted(text, e.getMessage()),
          e);
    }
  }

  /** The filter for somebody. */
  Filter of(String user, String dn) {
    try {
      return filled(text, user, dn);
    } catch (LDAPException e) {
      throw new IllegalStateException("what is escaped changes no filter", e);
    }
  }

  private static Filter filled(String text, String user, String dn) throws LDAPException {
    StringBuilder filled = new StringBuilder();
    int at = 0;
    while (at < text.length()) {
      // Not one after the other: the one value may look like the other's place.
      if (text.startsWith(USER, at)) {
        filled.append(Filter.encodeValue(user));
        at += USER.length();
      } else if (text.startsWith(DN, at)) {
        filled.append(Filter.encodeValue(dn));
        at += DN.length();
      } else {
        filled.append(text.charAt(at++));
      }
    }
    return Filter.create(filled.toString());
  }

  @Override
  public String toString() {
    return text;
  }
}
