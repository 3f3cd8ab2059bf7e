package dev.stele.sql;

import dev.stele.oci.Digest;
import dev.stele.oci.DigestBeginning;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.lang.reflect.Type;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.Collection;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.config.ConfigRegistry;
import org.jdbi.v3.core.spi.JdbiPlugin;
import org.jdbi.v3.postgres.PostgresPlugin;

/**
 * How the engine's values stand in the database: a digest as {@code bytea}, a byte that says the
 * algorithm and then the hash, which sorts as the digest's text does; names of repositories and
 * tags as text. Where a column of digests has none, it is null or, in a key, without any byte.
 *
 * <p>As a plugin it makes {@code bind} and {@code mapTo} know these types. Safe for concurrent use.
 */
public final class Values implements JdbiPlugin {
  /** What comes before every digest, and is none. */
  private static final byte[] NONE = {};

  /** What comes after every digest, and is none. */
  private static final byte[] END = {(byte) 0xff};

  /** A Jdbi that knows PostgreSQL's types and these. */
  public static Jdbi known(Jdbi jdbi) {
    return jdbi.installPlugin(new PostgresPlugin()).installPlugin(new Values());
  }

  @Override
  public void customizeJdbi(Jdbi jdbi) {
    jdbi.registerArgument(Values::argument)
        .registerArrayType(RepositoryName.class, "text", RepositoryName::value)
        .registerArrayType(Tag.class, "text", Tag::value)
        .registerColumnMapper(Digest.class, (row, column, _) -> digest(row, column))
        .registerColumnMapper(
            RepositoryName.class, (row, column, _) -> RepositoryName.parse(row.getString(column)))
        .registerColumnMapper(Tag.class, (row, column, _) -> Tag.parse(row.getString(column)));
  }

  private static Optional<Argument> argument(Type type, Object value, ConfigRegistry config) {
    return switch (value) {
      case Digest digest ->
          Optional.of((position, statement, _) -> statement.setBytes(position, digest.toBytes()));
      case RepositoryName _, Tag _ ->
          Optional.of((position, statement, _) -> statement.setString(position, value.toString()));
      case null, default -> Optional.empty();
    };
  }

  /** The digest, or what comes before every one. */
  public static byte[] bytesOrNone(Optional<Digest> digest) {
    return digest.map(Digest::toBytes).orElse(NONE);
  }

  /** The digest, or what comes after every one. */
  public static byte[] bytesOrEnd(Optional<Digest> digest) {
    return digest.map(Digest::toBytes).orElse(END);
  }

  /** An argument of the type {@code bytea[]}. */
  public static Argument digests(Collection<Digest> digests) {
    Object[] values = array(digests);
    return (position, statement, _) -> statement.setObject(position, values, Types.ARRAY);
  }

  /** An argument of the type {@code bytea[]}: the first digest that has each beginning. */
  public static Argument firsts(Collection<String> beginnings) {
    return digests(beginnings.stream().map(text -> DigestBeginning.parse(text).first()).toList());
  }

  /** An argument of the type {@code bytea[]}: the last digest that has each beginning. */
  public static Argument lasts(Collection<String> beginnings) {
    return digests(beginnings.stream().map(text -> DigestBeginning.parse(text).last()).toList());
  }

  /**
   * What JDBC takes for an array of values of one type: of digests as {@code bytea[]}, of others
   * their text as {@code text[]}.
   */
  public static Object[] array(Collection<?> values) {
    return values.stream().allMatch(Digest.class::isInstance)
        ? values.stream().map(value -> ((Digest) value).toBytes()).toArray(byte[][]::new)
        : values.stream().map(Object::toString).toArray(String[]::new);
  }

  /** Reads a moment that is there. */
  public static Instant time(ResultSet row, String column) throws SQLException {
    return row.getObject(column, OffsetDateTime.class).toInstant();
  }

  /** Reads a moment; empty if there is none. */
  public static Optional<Instant> timeIfAny(ResultSet row, String column) throws SQLException {
    return Optional.ofNullable(row.getObject(column, OffsetDateTime.class))
        .map(OffsetDateTime::toInstant);
  }

  /** Reads a digest that is there. */
  public static Digest digest(ResultSet row, int column) throws SQLException {
    return Digest.ofBytes(row.getBytes(column));
  }

  /** Reads a digest that is there. */
  public static Digest digest(ResultSet row, String column) throws SQLException {
    return Digest.ofBytes(row.getBytes(column));
  }

  /** Reads a digest; empty if there is none, be it null or without any byte. */
  public static Optional<Digest> digestIfAny(ResultSet row, String column) throws SQLException {
    return Optional.ofNullable(row.getBytes(column))
        .filter(bytes -> !Arrays.equals(bytes, NONE))
        .map(Digest::ofBytes);
  }
}
