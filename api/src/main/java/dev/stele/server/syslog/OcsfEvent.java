package dev.stele.server.syslog;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import dev.stele.event.Origin;
import dev.stele.event.RobotName;
import dev.stele.log.LogIdentity;
import dev.stele.question.EventRow;
import dev.stele.registry.EventEntry;
import dev.stele.server.http.Json;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * An event in the form of the <a href="https://schema.ocsf.io">Open Cybersecurity Schema
 * Framework</a>, 1.3.0: what happens to accounts is Account Change (3001), who signs in or does not
 * is Authentication (3002), all else API Activity (6003). The event as the record has it is under
 * {@code unmapped}.
 *
 * @param typeUid the class's number and that of the activity
 * @param time in milliseconds
 */
@JsonInclude(JsonInclude.Include.NON_ABSENT)
record OcsfEvent(
    Metadata metadata,
    @JsonProperty("category_uid") int categoryUid,
    @JsonProperty("class_uid") int classUid,
    @JsonProperty("activity_id") int activityId,
    @JsonProperty("type_uid") int typeUid,
    @JsonProperty("severity_id") int severityId,
    @JsonProperty("status_id") int statusId,
    long time,
    Actor actor,
    Api api,
    @JsonProperty("src_endpoint") Endpoint srcEndpoint,
    Optional<Account> user,
    Optional<List<Resource>> resources,
    Unmapped unmapped) {

  record Metadata(
      String version,
      Product product,
      String uid,
      @JsonProperty("log_name") String logName,
      long sequence) {}

  record Product(String name, @JsonProperty("vendor_name") String vendorName) {}

  record Actor(Account user) {}

  record Account(String name) {}

  record Api(String operation, Request request) {}

  record Request(String uid) {}

  record Endpoint(String name, Optional<String> ip) {}

  record Resource(String name, String type) {}

  record Unmapped(EventRow event) {}

  private static final String VERSION = "1.3.0";
  private static final int OTHER = 99;
  private static final int SUCCESS = 1;
  private static final int FAILURE = 2;
  private static final Set<String> FAILURES = Set.of("SignInFailed", "AccessDenied");

  /** A class of events, and the category that it is of. */
  private enum Kind {
    ACCOUNT_CHANGE(3, 3001),
    AUTHENTICATION(3, 3002),
    API_ACTIVITY(6, 6003);

    private final int category;
    private final int number;

    Kind(int category, int number) {
      this.category = category;
      this.number = number;
    }
  }

  /** What an event is, as JSON in UTF-8. */
  static byte[] bytes(LogIdentity log, EventEntry entry) {
    return Json.bytes(of(log, entry));
  }

  static OcsfEvent of(LogIdentity log, EventEntry entry) {
    EventRow row = EventRow.of(entry);
    Optional<Account> robot =
        Optional.ofNullable(row.data().get("robot"))
            .map(name -> new Account(RobotName.PREFIX + name.asText()));
    Kind kind = kind(row.type());
    Account actor = new Account(row.actor().orElse("unknown"));
    int activity = activity(kind, row.type());
    return new OcsfEvent(
        new Metadata(
            VERSION,
            new Product("Stele", "Stele"),
            log.name(row.position()) + "/" + row.position(),
            log.name(row.position()),
            row.position()),
        kind.category,
        kind.number,
        activity,
        kind.number * 100 + activity,
        SyslogMessage.severity(row.type()) < 5 ? 4 : 1, // high, informational
        FAILURES.contains(row.type()) ? FAILURE : SUCCESS,
        entry.recordedAt().toEpochMilli(),
        new Actor(actor),
        new Api(row.type(), new Request(row.requestId())),
        new Endpoint("unknown", row.origin().flatMap(Origin::address)),
        kind == Kind.AUTHENTICATION
            ? Optional.of(row.user().map(Account::new).orElse(actor))
            : robot,
        row.repository().map(name -> List.of(new Resource(subject(name, row), "repository"))),
        new Unmapped(row));
  }

  private static Kind kind(String type) {
    return type.startsWith("Robot") || type.equals("UserChanged")
        ? Kind.ACCOUNT_CHANGE
        : type.startsWith("Sign") || type.startsWith("Session")
            ? Kind.AUTHENTICATION
            : Kind.API_ACTIVITY;
  }

  /** The activity's number, which each class counts in its own way. */
  private static int activity(Kind kind, String type) {
    if (kind == Kind.AUTHENTICATION) {
      return type.equals("SessionEnded") ? 2 : 1; // a logon, be it one that failed
    }
    if (type.equals("AccessDenied")) {
      return OTHER;
    }
    boolean account = kind == Kind.ACCOUNT_CHANGE;
    if (account && type.startsWith("RobotKey")) {
      return OTHER;
    }
    if (type.endsWith("Created") || type.equals("BlobUploaded") || type.equals("HoldPlaced")) {
      return 1;
    }
    if (type.endsWith("Observed") || type.equals("RecordRead")) {
      return 2;
    }
    if (type.endsWith("Deleted")
        || type.endsWith("Removed")
        || type.endsWith("Collected")
        || type.endsWith("Swept")
        || type.equals("BlobUnlinked")
        || type.equals("HoldReleased")) {
      return account ? 6 : 4;
    }
    return account ? OTHER : 3;
  }

  private static String subject(String repository, EventRow row) {
    JsonNode tag = row.data().get("tag");
    JsonNode digest = row.data().get("digest");
    return tag != null
        ? repository + ":" + tag.asText()
        : digest != null ? repository + "@" + digest.asText() : repository;
  }
}
