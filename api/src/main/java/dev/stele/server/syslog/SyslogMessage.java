package dev.stele.server.syslog;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.stele.event.Event;
import dev.stele.log.LogIdentity;
import dev.stele.registry.EventEntry;
import java.io.ByteArrayOutputStream;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * An event as a syslog message (RFC 5424), framed by counting its octets (RFC 6587, section 3.4.1).
 * Its structured data has the log's identity and the event's position, by which a receiver knows
 * one that comes twice.
 */
final class SyslogMessage {
  private static final Set<String> ERRORS = types(Event.BlobCorruptionFound.class);
  private static final Set<String> WARNINGS =
      types(Event.AccessDenied.class, Event.SignInFailed.class);

  /** What is done all day. */
  private static final Set<String> INFORMATIONAL =
      types(
          Event.RepositoryRemoved.class,
          Event.BlobUploaded.class,
          Event.BlobMounted.class,
          Event.BlobUnlinked.class,
          Event.BlobSwept.class,
          Event.OrphanSwept.class,
          Event.PullsObserved.class,
          Event.BlobPullsObserved.class,
          Event.RecordRead.class,
          Event.SignedIn.class);

  /** The number that is set aside for examples (RFC 5612): this program has none of its own. */
  private static final String ENTERPRISE = "32473";

  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSSSSS'Z'").withZone(ZoneOffset.UTC);

  private SyslogMessage() {}

  private static Set<String> types(Class<?>... types) {
    return Arrays.stream(types).map(Class::getSimpleName).collect(Collectors.toUnmodifiableSet());
  }

  /** How severe a type of events is: 3 error, 4 warning, 5 notice, 6 informational. */
  static int severity(String type) {
    return ERRORS.contains(type)
        ? 3
        : WARNINGS.contains(type) ? 4 : INFORMATIONAL.contains(type) ? 6 : 5;
  }

  /**
   * A message with its length before it.
   *
   * @param host as RFC 5424 has it: printable ASCII, or a dash
   * @param content of the message, UTF-8
   */
  static byte[] framed(
      int facility, String host, LogIdentity log, EventEntry event, byte[] content) {
    byte[] header =
        "<%d>1 %s %s stele - %s [stele@%s log=\"%s\" position=\"%d\"] "
            .formatted(
                8 * facility + severity(event.type()),
                TIME.format(event.recordedAt()),
                host,
                event.type(),
                ENTERPRISE,
                log.name(event.position()),
                event.position())
            .getBytes(US_ASCII);
    ByteArrayOutputStream framed = new ByteArrayOutputStream(header.length + content.length + 8);
    framed.writeBytes((header.length + content.length + " ").getBytes(US_ASCII));
    framed.writeBytes(header);
    framed.writeBytes(content);
    return framed.toByteArray();
  }
}
