package dev.stele.question;

import dev.stele.event.RobotName;
import dev.stele.gc.CollectingWindow;
import dev.stele.gc.Collection;
import dev.stele.gc.GcOptions;
import dev.stele.gc.Tally;
import dev.stele.gc.Waiting;
import dev.stele.oci.RepositoryName;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.policy.RepositoryGlob;
import dev.stele.projection.Approval;
import dev.stele.projection.Hold;
import dev.stele.projection.Robot;
import dev.stele.projection.Session;
import dev.stele.registry.Outcome;
import dev.stele.registry.Page;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.registry.WebhookStatus;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.Need;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * What an operator asks: holds, approvals, webhooks, robots, sessions, and how collecting is doing.
 */
final class OperatorQuestions {
  private static final Parameter<String> STATE = Parameter.oneOf("state", "active", "all");

  private static final Parameter<RobotName> LAST_ROBOT = new Parameter<>("last", RobotName::parse);

  private final Registry registry;

  OperatorQuestions(Registry registry) {
    this.registry = registry;
  }

  /** A webhook; see {@link WebhookStatus}. */
  public record WebhookRow(
      String name,
      Optional<String> address,
      String state,
      long nextPosition,
      long lag,
      Optional<String> deliveredAt,
      int failures,
      Optional<String> nextTryAt,
      Optional<String> lastErrorAt,
      Optional<String> lastError) {
    static WebhookRow of(WebhookStatus status) {
      return new WebhookRow(
          status.name(),
          status.address(),
          status.state().name().toLowerCase(Locale.ROOT),
          status.nextPosition(),
          status.lag(),
          status.deliveredAt().map(Instant::toString),
          status.failures(),
          status.nextTryAt().map(Instant::toString),
          status.lastErrorAt().map(Instant::toString),
          status.lastError());
    }
  }

  /**
   * How collecting is configured, what waits, and what this node did last.
   *
   * @param leading whether this node is the one that collects
   * @param last the collection that runs on this node, or its last one
   */
  public record Collecting(
      boolean enabled,
      String grace,
      String recycle,
      String interval,
      List<String> windows,
      boolean leading,
      Waiting waiting,
      Optional<Last> last) {}

  /** A collection. */
  public record Last(
      String startedAt, Optional<String> endedAt, Tally tally, Optional<String> failure) {
    static Last of(Collection collection) {
      return new Last(
          collection.startedAt().toString(),
          collection.endedAt().map(Instant::toString),
          collection.tally(),
          collection.failure());
    }
  }

  /** Who may release a hold has to know of it. */
  private static final Need SEEING_HOLDS = Need.filtered(Action.READ_RECORD, Action.RELEASE_HOLD);

  List<Question<?>> all() {
    return List.of(
        Question.list(
                "hold list",
                Address.HOLDS,
                HoldRow.COLUMNS,
                List.of(STATE, Parameter.BEFORE, Parameter.LIMIT),
                this::holds)
            .shown(HoldRow.TABLE)
            .needing(SEEING_HOLDS),
        Question.one("hold", Address.HOLD, HoldRow.COLUMNS, List.of(), this::hold)
            .shown(HoldRow.TABLE)
            .needing(SEEING_HOLDS),
        Question.list(
                "approvals",
                Address.APPROVALS,
                ApprovalRow.COLUMNS,
                List.of(Parameter.BEFORE, Parameter.LIMIT),
                this::approvals)
            .needing(Need.filtered(Action.READ_RECORD, Action.RELEASE_HOLD, Action.RESTORE)),
        Question.list(
                "webhooks",
                Address.WEBHOOKS,
                Columns.fields(WebhookRow.class),
                List.of(),
                _ ->
                    Answer.of(
                        Map.of(), registry.webhooks().list().stream().map(WebhookRow::of).toList()))
            .needing(Action.ADMIN),
        Question.list(
                "robot list",
                Address.ROBOTS,
                RobotRow.COLUMNS,
                List.of(LAST_ROBOT, Parameter.LIMIT),
                this::robots)
            .shown(RobotRow.TABLE)
            .needing(Action.ADMIN),
        Question.one("robot", Address.ROBOT, RobotRow.COLUMNS, List.of(), this::robot)
            .shown(RobotRow.TABLE)
            .needing(Action.ADMIN),
        Question.list(
                "session list",
                Address.SESSIONS,
                SessionRow.COLUMNS,
                List.of(Parameter.BEFORE, Parameter.LIMIT),
                this::sessions)
            .needing(Action.ADMIN),
        Question.one(
                "gc status",
                Address.GC,
                Columns.fields(Collecting.class),
                List.of(),
                _ -> Answer.one(collecting()))
            .needing(Action.ADMIN));
  }

  private Answer<HoldRow> holds(Asked asked) {
    boolean all = asked.first(STATE).filter("all"::equals).isPresent();
    Page<Hold> page =
        Page.matching(
            asked.first(Parameter.BEFORE).map(String::valueOf),
            asked.limit(),
            (before, limit) -> registry.holds().list(all, before.map(Long::valueOf), limit),
            hold -> sees(asked, hold),
            hold -> Long.toString(hold.placed().position()));
    Answer<HoldRow> answer = Answer.of(Map.of(), page.items().stream().map(HoldRow::of).toList());
    return page.more()
        ? answer.next(Parameter.BEFORE, Optional.of(page.items().getLast().placed().position()))
        : answer;
  }

  private Answer<HoldRow> hold(Asked asked) {
    UUID id = HoldRow.existing(asked.path("id"));
    Outcome<Hold> found = registry.holds().find(id);
    // Who may not know of it is told what they would be if it were not there.
    return Answer.one(
        HoldRow.of(
            Refusals.accepted(
                found instanceof Outcome.Ok<Hold>(Hold hold) && !sees(asked, hold)
                    ? Outcome.refused(new Refusal.UnknownHold(id))
                    : found)));
  }

  private static boolean sees(Asked asked, Hold hold) {
    return asked.sees(hold.scope().oneRepository(), Action.RELEASE_HOLD);
  }

  private static boolean sees(Asked asked, Approval approval) {
    return asked.sees(
        RepositoryGlob.parse(approval.repositories()).only().map(RepositoryName::parse),
        switch (approval.act()) {
          case RELEASE_HOLD -> Action.RELEASE_HOLD;
          case RESTORE_REPOSITORY -> Action.RESTORE;
        });
  }

  private Answer<ApprovalRow> approvals(Asked asked) {
    Page<Approval> page =
        Page.matching(
            asked.first(Parameter.BEFORE).map(String::valueOf),
            asked.limit(),
            (before, limit) -> registry.approvals().list(before.map(Long::valueOf), limit),
            approval -> sees(asked, approval),
            approval -> Long.toString(approval.given().getLast().position()));
    Answer<ApprovalRow> answer =
        Answer.of(Map.of(), page.items().stream().map(ApprovalRow::of).toList());
    return page.more()
        ? answer.next(
            Parameter.BEFORE, Optional.of(page.items().getLast().given().getLast().position()))
        : answer;
  }

  private Answer<RobotRow> robots(Asked asked) {
    Page<Robot> page = registry.robots().list(asked.first(LAST_ROBOT), asked.limit());
    Answer<RobotRow> answer = Answer.of(Map.of(), page.items().stream().map(RobotRow::of).toList());
    return page.more()
        ? answer.next(LAST_ROBOT, Optional.of(page.items().getLast().name()))
        : answer;
  }

  private Answer<RobotRow> robot(Asked asked) {
    return Answer.one(
        RobotRow.of(
            Refusals.accepted(registry.robots().find(RobotRow.existing(asked.path("robot"))))));
  }

  private Answer<SessionRow> sessions(Asked asked) {
    Page<Session> page = registry.sessions().list(asked.first(Parameter.BEFORE), asked.limit());
    Answer<SessionRow> answer =
        Answer.of(Map.of(), page.items().stream().map(SessionRow::of).toList());
    return page.more()
        ? answer.next(Parameter.BEFORE, Optional.of(page.items().getLast().position()))
        : answer;
  }

  private Collecting collecting() {
    GcOptions options = registry.collecting().options();
    return new Collecting(
        options.enabled(),
        options.grace().toString(),
        options.recycle().toString(),
        options.interval().toString(),
        options.windows().stream().map(CollectingWindow::toString).toList(),
        registry.health().leads(),
        registry.collecting().waiting(),
        registry.collecting().last().map(Last::of));
  }
}
