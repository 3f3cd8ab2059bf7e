package dev.stele.server.audit;

import dev.stele.engine.Engine;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.projection.Approval;
import dev.stele.question.Answer;
import dev.stele.question.ApprovalRow;
import dev.stele.question.At;
import dev.stele.question.Columns;
import dev.stele.registry.Caller;
import dev.stele.registry.Outcome;
import dev.stele.registry.Registry;
import dev.stele.restore.Restoration;
import dev.stele.restore.Restore;
import dev.stele.restore.RestoreItem;
import dev.stele.restore.RestoreRequest;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.DistributionError;
import dev.stele.server.http.ErrorCode;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.JsonBody;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** {@code /api/v1/repositories/<name>/-/restore}: what was there comes back. */
public final class Restoring {
  /** How many items an error lists. */
  private static final int MOST_IN_ERROR = 100;

  private final Registry registry;
  private final Restore restore;
  private final AuditWork work;

  /** A restore needs memory, and a connection of the pool for a while, so one runs at a time. */
  private final Semaphore running = new Semaphore(1, true);

  Restoring(Engine engine, AuditWork work) {
    this.registry = engine.registry();
    this.work = work;
    this.restore = engine.restore();
  }

  /**
   * Something that comes back, or cannot.
   *
   * @param previous what the tag pointed to until then
   * @param problem why it cannot
   */
  public record Item(
      String kind,
      Optional<Tag> tag,
      Digest digest,
      Optional<Digest> previous,
      Optional<String> problem) {
    /** A column a field. */
    public static final Columns<Item> COLUMNS = Columns.fields(Item.class);

    /** The row of an item. */
    public static Item of(RestoreItem item) {
      return new Item(
          item.kind().name().toLowerCase(Locale.ROOT),
          item.tag(),
          item.digest(),
          item.previous(),
          Restoring.problem(item));
    }
  }

  void post(Exchange exchange, String name) throws IOException, InterruptedException {
    RepositoryName repository = RepositoryName.parse(name);
    JsonBody body = JsonBody.read(exchange, "at", "tag", "digest", "available", "dryRun", "reason");
    Optional<Tag> tag = body.text("tag").map(Tag::parse);
    Optional<Digest> digest =
        work.resolve(body.text("digest"), registry.archive(), exchange.access());
    if (tag.isPresent() && digest.isPresent()) {
      throw JsonBody.invalid("restore a tag or a digest, or, without both, the whole repository");
    }
    RestoreRequest request =
        new RestoreRequest(
            repository,
            Moment.parse(body.required("at", "a moment, such as p12345")),
            tag.<Reference>map(t -> t).or(() -> digest.map(Reference.ByDigest::new)),
            body.truth("available"));
    boolean dryRun = body.truth("dryRun");
    Caller caller = body.text("reason").map(exchange::because).orElseGet(exchange::caller);
    int persons = exchange.access().policy().persons().restoring();
    Restoration restoration =
        Refusals.accepted(
            alone(
                dryRun
                    ? () -> work.run(() -> restore.preview(request))
                    : () -> restore.run(caller, request, persons)),
            exchange.access(),
            Action.RESTORE,
            Optional.of(repository));
    Optional<Approval> waiting = restoration.waiting();
    if (!dryRun && !restoration.done() && waiting.isEmpty()) {
      restoration.impossible().stream()
          .flatMap(item -> item.obstacle().stream())
          .flatMap(obstacle -> obstacle.denial().stream())
          .distinct()
          .forEach(
              reason -> exchange.access().denied(Action.RESTORE, Optional.of(repository), reason));
      throw notWhole(restoration).asException();
    }
    Answering.send(
        exchange,
        waiting.isPresent() ? 202 : 200,
        Item.COLUMNS,
        true,
        Answer.of(
            Answer.about(
                "at",
                At.of(restoration.asOf()),
                "repository",
                repository,
                "restored",
                restoration.done(),
                "waiting",
                waiting.map(ApprovalRow::of)),
            restoration.items().stream().map(Item::of).toList()));
  }

  @FunctionalInterface
  private interface Task {
    Outcome<Restoration> run() throws IOException, InterruptedException;
  }

  /** In this thread and to its end, one after the other. */
  private Outcome<Restoration> alone(Task task) throws IOException, InterruptedException {
    if (!running.tryAcquire(work.deadline().toNanos(), TimeUnit.NANOSECONDS)) {
      throw AuditWork.unavailable("something else is being restored; ask again when that is done");
    }
    try {
      return task.run();
    } finally {
      running.release();
    }
  }

  private static DistributionError notWhole(Restoration restoration) {
    List<RestoreItem> impossible = restoration.impossible();
    return new DistributionError(
        409,
        ErrorCode.DENIED,
        "%d of %d cannot be restored, so nothing was; ask for what is available to restore the rest. The first: %s"
            .formatted(
                impossible.size(),
                restoration.items().size(),
                problem(impossible.getFirst()).orElseThrow()),
        Map.of("impossible", impossible.stream().limit(MOST_IN_ERROR).map(Item::of).toList()));
  }

  /** Why something cannot be restored, for people. */
  public static Optional<String> problem(RestoreItem item) {
    return item.obstacle()
        .map(
            obstacle ->
                switch (obstacle) {
                  case RestoreItem.Obstacle.Gone(var story) -> Refusals.toError(story).message();
                  case RestoreItem.Obstacle.Lacks(var missing) ->
                      item.kind().name().toLowerCase(Locale.ROOT)
                          + " "
                          + item.tag().map(Tag::value).orElse(item.digest().toString())
                          + " needs "
                          + missing;
                  case RestoreItem.Obstacle.Forbidden(var refusal) ->
                      Refusals.toError(refusal).message();
                });
  }
}
