package dev.stele.server.audit;

import dev.stele.evidence.EvidenceQuestion;
import dev.stele.evidence.EvidenceQuestion.About;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.question.Interval;
import dev.stele.registry.Caller;
import dev.stele.registry.Evidence;
import dev.stele.registry.Registry;
import dev.stele.server.distribution.Refusals;
import dev.stele.server.http.Exchange;
import dev.stele.server.http.JsonBody;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** {@code /api/v1/evidence}: answers that can be checked without this registry. */
final class Evidencing {
  private static final String TYPE = "application/zip";

  private final Registry registry;
  private final AuditWork work;

  /** It may need a good deal of memory while it is put together. */
  private final Semaphore running = new Semaphore(2, true);

  Evidencing(Registry registry, AuditWork work) {
    this.registry = registry;
    this.work = work;
  }

  /** Of a digest, or of everything. */
  void everywhere(Exchange exchange) throws IOException, InterruptedException {
    JsonBody body = JsonBody.read(exchange, "digest", "from", "to", "pseudonymous", "reason");
    Optional<Digest> digest =
        work.resolve(body.text("digest"), registry.archive(), exchange.access());
    answer(
        exchange,
        body,
        digest.isPresent() ? About.DIGEST : About.LOG,
        Optional.empty(),
        Optional.empty(),
        digest);
  }

  /** Of a repository, or of one of its tags. */
  void inRepository(Exchange exchange, String name) throws IOException, InterruptedException {
    JsonBody body = JsonBody.read(exchange, "tag", "from", "to", "pseudonymous", "reason");
    Optional<Tag> tag = body.text("tag").map(Tag::parse);
    answer(
        exchange,
        body,
        tag.isPresent() ? About.TAG : About.REPOSITORY,
        Optional.of(RepositoryName.parse(name)),
        tag,
        Optional.empty());
  }

  private void answer(
      Exchange exchange,
      JsonBody body,
      About about,
      Optional<RepositoryName> repository,
      Optional<Tag> tag,
      Optional<Digest> digest)
      throws IOException, InterruptedException {
    Optional<Moment> from = body.text("from").map(Moment::parse);
    Optional<Moment> to = body.text("to").map(Moment::parse);
    boolean pseudonymous = body.truth("pseudonymous");
    Caller caller = body.text("reason").map(exchange::because).orElseGet(exchange::caller);
    Interval<AsOf> interval =
        work.run(() -> Interval.of(from, to, registry.archive()::asOf, AsOf::position));
    EvidenceQuestion question =
        new EvidenceQuestion(
            about,
            repository,
            tag,
            digest,
            interval.from().map(AsOf::moment).map(Evidencing::words),
            interval.to().map(AsOf::moment).map(Evidencing::words),
            interval.from().map(AsOf::position).orElse(-1L),
            interval.to().map(AsOf::position).map(OptionalLong::of).orElseGet(OptionalLong::empty),
            pseudonymous);
    // Whoever reads it slowly holds no more than a file, which goes with the program at the latest.
    try (FileChannel file =
        FileChannel.open(
            Files.createTempFile("stele-evidence", ".zip"),
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.DELETE_ON_CLOSE)) {
      Evidence.Given given = write(exchange, caller, question, file);
      exchange.requireStill();
      file.position(0);
      Channels.newInputStream(file)
          .transferTo(
              exchange
                  .set(
                      "Content-Disposition",
                      "attachment; filename=\"evidence-%d.zip\"".formatted(given.position()))
                  .startBody(200, TYPE, file.size()));
    }
  }

  private Evidence.Given write(
      Exchange exchange, Caller caller, EvidenceQuestion question, FileChannel file)
      throws IOException, InterruptedException {
    Evidence evidence = registry.evidence();
    Evidence.Given given = Refusals.accepted(evidence.give(caller, question));
    if (!running.tryAcquire(work.deadline().toNanos(), TimeUnit.NANOSECONDS)) {
      throw AuditWork.unavailable(
          "other evidence is being put together; ask again when that is done");
    }
    try {
      boolean everything = exchange.access().mayEverywhere(Action.READ_RECORD);
      OutputStream out = new BufferedOutputStream(Channels.newOutputStream(file));
      work.run(() -> evidence.bundle(given, everything)).write(out);
      out.flush();
      return given;
    } finally {
      running.release();
    }
  }

  private static String words(Moment moment) {
    return switch (moment) {
      case Moment.AtPosition(long position) -> "p" + position;
      case Moment.AtInstant(var instant) -> instant.toString();
    };
  }
}
