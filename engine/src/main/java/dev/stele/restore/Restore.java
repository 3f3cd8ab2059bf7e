package dev.stele.restore;

import dev.stele.event.Initiator;
import dev.stele.gc.Leases;
import dev.stele.history.History;
import dev.stele.log.AsOf;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.Approval;
import dev.stele.registry.Approvals;
import dev.stele.registry.Archive;
import dev.stele.registry.Caller;
import dev.stele.registry.Commands;
import dev.stele.registry.Outcome;
import dev.stele.registry.Protection;
import dev.stele.registry.Refusal;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryUnavailableException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * Brings tags, manifests and whole repositories back as they were at a moment, as long as their
 * bytes are kept: by events, so that the record shows who restored what, and as of when. Nothing is
 * restored unless all of it can be, or the request is content with what is available.
 *
 * <p>Up to {@value #AT_ONCE} things, counting what the manifests list, are one transaction. More
 * come in batches, so that pushes need not wait for them: blobs, then manifests, then tags. Should
 * the process die meanwhile, or something be swept just then, some things have come back and no tag
 * points to what is not whole; restoring again goes on from there. Thread-safe.
 */
public final class Restore {
  static final int AT_ONCE = 200;

  private static final int BATCH = 64;
  private static final int TRIES = 3;

  private final Archive archive;
  private final History history;
  private final Protection protection;
  private final Commands commands;
  private final Approvals approvals;

  /** Restores within a registry. */
  public Restore(Registry registry, Protection protection, Commands commands) {
    this.archive = registry.archive();
    this.history = new History(registry);
    this.protection = protection;
    this.commands = commands;
    this.approvals = registry.approvals();
  }

  /**
   * What a request would restore, and what it could not. Changes nothing.
   *
   * @throws IOException if a store fails
   */
  public Outcome<Restoration> preview(RestoreRequest request) throws IOException {
    return switch (plan(request, false)) {
      case Outcome.Refused<Plan>(Refusal refusal) -> Outcome.refused(refusal);
      case Outcome.Ok<Plan>(Plan plan) ->
          Outcome.ok(new Restoration(plan.asOf(), plan.items(), false));
    };
  }

  /**
   * Restores. What only a part of can be restored is not, unless the request says so: then the
   * result is not done, and says what is in the way. Of a whole repository it is not done either
   * until as many asked for it as it takes; see {@link Approvals}.
   *
   * @param persons how many it takes to restore a whole repository; 1: whoever asks
   * @throws IOException if a store fails
   * @throws RegistryUnavailableException also if what is to be restored is being collected
   */
  public Outcome<Restoration> run(Caller caller, RestoreRequest request, int persons)
      throws IOException {
    Initiator initiator = commands.initiator(caller);
    for (int attempt = 0; attempt < TRIES; attempt++) {
      Plan plan;
      switch (plan(request, true)) {
        case Outcome.Refused<Plan>(Refusal refusal) -> {
          return Outcome.refused(refusal);
        }
        case Outcome.Ok<Plan>(Plan made) -> plan = made;
      }
      if (!plan.complete() && !request.available()) {
        return Outcome.ok(new Restoration(plan.asOf(), plan.items(), false));
      }
      boolean together = persons > 1 && request.what().isEmpty() && !plan.items().isEmpty();
      String subject = subject(plan.asOf(), request);
      if (together) {
        switch (approvals.restore(caller, request.repository(), subject, persons)) {
          case Outcome.Refused<Optional<Approval>>(Refusal refusal) -> {
            return Outcome.refused(refusal);
          }
          case Outcome.Ok<Optional<Approval>>(Optional<Approval> waiting) -> {
            if (waiting.isPresent()) {
              return Outcome.ok(new Restoration(plan.asOf(), plan.items(), false, waiting));
            }
          }
        }
      }
      switch (carryOut(plan, request, initiator, caller)) {
        case Outcome.Refused<Boolean>(Refusal refusal) -> {
          return Outcome.refused(refusal);
        }
        case Outcome.Ok<Boolean>(Boolean done) -> {
          if (done) {
            if (together) {
              approvals.restored(caller, request.repository(), subject);
            }
            return Outcome.ok(new Restoration(plan.asOf(), plan.items(), true));
          }
        }
      }
    }
    throw new RegistryUnavailableException(
        "what is to be restored is being collected at this moment; try again");
  }

  private static String subject(AsOf asOf, RestoreRequest request) {
    return "p" + asOf.position() + (request.available() ? ", what is available" : "");
  }

  /**
   * @param promised whether manifests that are still there, about which there is nothing to do but
   *     say so, are to stay for a grace period
   */
  private Outcome<Plan> plan(RestoreRequest request, boolean promised) throws IOException {
    AsOf asOf;
    switch (history.asOf(request.at())) {
      case Outcome.Refused<AsOf>(Refusal refusal) -> {
        return Outcome.refused(refusal);
      }
      case Outcome.Ok<AsOf>(AsOf resolved) -> asOf = resolved;
    }
    return switch (Closure.of(history, asOf, request.repository(), request.what())) {
      case Outcome.Refused<Closure>(Refusal refusal) -> Outcome.refused(refusal);
      case Outcome.Ok<Closure>(Closure closure) -> {
        if (promised) {
          promise(request.repository(), closure);
        }
        yield Outcome.ok(
            Plan.of(archive, protection, history, asOf, request.repository(), closure));
      }
    };
  }

  /**
   * What manifests use is kept by them. Each row is renewed by itself, so that no two are locked at
   * once.
   */
  private void promise(RepositoryName repository, Closure closure) {
    boolean _ =
        archive.read(
            handle -> {
              closure.nodes().keySet().forEach(each -> Leases.renew(handle, repository, each));
              return true;
            });
  }

  private Outcome<Boolean> carryOut(
      Plan plan, RestoreRequest request, Initiator initiator, Caller caller) {
    for (Step step : steps(plan)) {
      Outcome<Boolean> outcome =
          commands.append(
              caller,
              new RestoreContent(
                  initiator,
                  request.repository(),
                  plan.asOf().position(),
                  archive.store(request.repository()),
                  step.blobs(),
                  step.manifests(),
                  step.tags(),
                  plan.absentThen(),
                  protection));
      if (!outcome.equals(Outcome.ok(true))) {
        return outcome;
      }
    }
    return Outcome.ok(true);
  }

  /** What one command restores. */
  private record Step(List<Digest> blobs, List<Closure.Node> manifests, Map<Tag, Digest> tags) {
    /** How much the lane looks at. */
    int weight() {
      return blobs.size() + tags.size() + manifests.stream().mapToInt(Restore::weight).sum();
    }
  }

  private static List<Step> steps(Plan plan) {
    Step whole = new Step(plan.blobs(), plan.manifests(), plan.tags());
    if (whole.weight() <= AT_ONCE) {
      return whole.weight() == 0 ? List.of() : List.of(whole);
    }
    List<Step> steps = new ArrayList<>();
    batches(plan.blobs(), _ -> 1).forEach(batch -> steps.add(new Step(batch, List.of(), Map.of())));
    batches(plan.manifests(), Restore::weight)
        .forEach(batch -> steps.add(new Step(List.of(), batch, Map.of())));
    for (List<Map.Entry<Tag, Digest>> batch :
        batches(List.copyOf(plan.tags().entrySet()), _ -> 1)) {
      Map<Tag, Digest> tags = new LinkedHashMap<>();
      batch.forEach(each -> tags.put(each.getKey(), each.getValue()));
      steps.add(new Step(List.of(), List.of(), tags));
    }
    return steps;
  }

  /** What a manifest lists is looked for as well. */
  private static int weight(Closure.Node node) {
    return 1 + node.blobs().size() + node.children().size();
  }

  /**
   * Batches of at most {@value #BATCH} things that weigh at most {@value #AT_ONCE}, or of one that
   * weighs more: putting that manifest is no less.
   */
  static <T> List<List<T>> batches(List<T> all, ToIntFunction<T> weight) {
    List<List<T>> batches = new ArrayList<>();
    int weighs = 0;
    int from = 0;
    for (int next = 0; next < all.size(); next++) {
      int more = weight.applyAsInt(all.get(next));
      if (next > from && (next - from == BATCH || weighs + more > AT_ONCE)) {
        batches.add(all.subList(from, next));
        from = next;
        weighs = 0;
      }
      weighs += more;
    }
    if (from < all.size()) {
      batches.add(all.subList(from, all.size()));
    }
    return batches;
  }
}
