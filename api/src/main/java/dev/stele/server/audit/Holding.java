package dev.stele.server.audit;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import dev.stele.policy.HoldScope;
import dev.stele.policy.RepositoryGlob;
import dev.stele.projection.Hold;
import dev.stele.registry.Holds;
import dev.stele.registry.NewHold;
import dev.stele.registry.Page;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.JsonBody;
import dev.stele.server.http.PageRequest;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** {@code /api/v1/holds}: what nobody may remove, who said so, and why. */
final class Holding {
  private static final String ROOT = "/api/v1/holds";
  private static final int DEFAULT_PAGE = 100;
  private static final int LARGEST_PAGE = 1_000;

  private final Holds holds;

  Holding(Holds holds) {
    this.holds = holds;
  }

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Act(long position, String at, Optional<String> actor) {
    static Act of(Hold.Act act) {
      return new Act(act.position(), act.at().toString(), act.actor());
    }
  }

  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Released(long position, String at, Optional<String> actor, String reason) {
    static Released of(Hold.Release release) {
      Act act = Act.of(release.act());
      return new Released(act.position(), act.at(), act.actor(), release.reason());
    }
  }

  /**
   * A hold.
   *
   * @param repositories a repository's name, or a glob
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  record Shown(
      String id,
      String repositories,
      Optional<Tag> tag,
      Optional<Digest> digest,
      boolean freeze,
      String reason,
      Act placed,
      Optional<Released> released) {
    static Shown of(Hold hold) {
      return new Shown(
          hold.id().toString(),
          hold.scope().repositories().toString(),
          hold.scope().tag(),
          hold.scope().digest(),
          hold.freeze(),
          hold.reason(),
          Act.of(hold.placed()),
          hold.release().map(Released::of));
    }
  }

  record Listing(List<Shown> holds) {}

  void list(Exchange exchange) throws IOException {
    boolean released =
        exchange
            .query()
            .first("state")
            .map(
                state ->
                    switch (state) {
                      case "active" -> false;
                      case "all" -> true;
                      default -> throw JsonBody.invalid("state must be active or all");
                    })
            .orElse(false);
    int limit =
        Math.max(1, PageRequest.size(exchange.query(), "limit", DEFAULT_PAGE, LARGEST_PAGE));
    Page<Hold> page =
        holds.list(released, exchange.query().first("before").map(Holding::position), limit);
    if (page.more()) {
      Map<String, String> parameters = new LinkedHashMap<>();
      parameters.put("state", released ? "all" : "active");
      parameters.put("limit", Integer.toString(limit));
      parameters.put("before", Long.toString(page.items().getLast().placed().position()));
      exchange.set("Link", PageRequest.next(ROOT, parameters));
    }
    exchange.sendJson(200, new Listing(page.items().stream().map(Shown::of).toList()));
  }

  private static long position(String text) {
    if (!text.matches("[0-9]{1,18}")) {
      throw JsonBody.invalid("before must be a position of the log");
    }
    return Long.parseLong(text);
  }

  void get(Exchange exchange, String id) throws IOException {
    exchange.sendJson(200, Shown.of(Refusals.accepted(holds.find(existing(id)))));
  }

  void place(Exchange exchange) throws IOException {
    JsonBody body =
        JsonBody.read(exchange, "id", "repositories", "tag", "digest", "freeze", "reason");
    RepositoryGlob repositories =
        JsonBody.parse(
            "repositories",
            body.required("repositories", "a repository's name, or a glob such as team/**"),
            RepositoryGlob::parse);
    UUID id =
        body.text("id")
            .map(text -> JsonBody.parse("id", text, Holding::uuid))
            .orElseGet(UUID::randomUUID);
    NewHold hold;
    try {
      hold =
          new NewHold(
              id,
              new HoldScope(
                  repositories,
                  body.text("tag").map(Tag::parse),
                  body.text("digest").map(Digest::parse)),
              body.truth("freeze"),
              body.required("reason", "why the hold is placed"));
    } catch (dev.stele.oci.InvalidNameException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw JsonBody.invalid(e.getMessage());
    }
    boolean placed = Refusals.accepted(holds.place(exchange.caller(), hold));
    exchange.set("Location", ROOT + "/" + id);
    exchange.sendJson(placed ? 201 : 200, Shown.of(Refusals.accepted(holds.find(id))));
  }

  void release(Exchange exchange, String id) throws IOException {
    UUID hold = existing(id);
    String reason = JsonBody.read(exchange, "reason").required("reason", "why the hold ends");
    try {
      NewHold.checkReason(reason);
    } catch (IllegalArgumentException e) {
      throw JsonBody.invalid(e.getMessage());
    }
    Refusals.accepted(holds.release(exchange.caller(), hold, reason));
    exchange.sendJson(200, Shown.of(Refusals.accepted(holds.find(hold))));
  }

  private static UUID uuid(String text) {
    if (!text.matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")) {
      throw new IllegalArgumentException(
          "must be a UUID in lower case, such as 123e4567-e89b-12d3-a456-426614174000");
    }
    return UUID.fromString(text);
  }

  /** What cannot be an id cannot be there. */
  private static UUID existing(String id) {
    try {
      return uuid(id);
    } catch (IllegalArgumentException e) {
      throw new DistributionError(
              404, ErrorCode.NOT_FOUND, "there is no such hold; its id " + e.getMessage())
          .asException();
    }
  }
}
