package dev.stele.question;

import dev.stele.event.ActorId;
import dev.stele.history.ActorPulls;
import dev.stele.history.Exposed;
import dev.stele.history.ExposedPlace;
import dev.stele.history.Exposure;
import dev.stele.history.ExposurePage;
import dev.stele.history.Since;
import dev.stele.history.TagPeriod;
import dev.stele.log.AsOf;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.Page;
import dev.stele.registry.Registry;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * In which manifests a digest is and was, where those were and how they were tagged, and who pulled
 * them. Of each list within a manifest an answer has the first {@value #NESTED}, and says which go
 * on; {@code /periods} and {@code /pulls} have them whole, a row each.
 */
public final class ExposureQuestions {
  private static final int DEFAULT_PAGE = 50;
  private static final int LARGEST_PAGE = 200;
  private static final int NESTED = 20;

  /** How many manifests are read together, since finding the first costs as much as some more. */
  private static final int TOGETHER = 100;

  /** How many manifests a page of rows looks at, although few of them have any. */
  private static final int MOST_MANIFESTS = 500;

  private static final Parameter<Digest> LAST_INDEX = new Parameter<>("last-index", Digest::parse);
  private static final Parameter<String> LAST_ROW = Parameter.text("last-row");

  private final Registry registry;
  private final Exposure exposure;

  ExposureQuestions(Registry registry) {
    this.registry = registry;
    this.exposure = new Exposure(registry);
  }

  /** A period during which a repository had the manifest. */
  public record Place(
      RepositoryName repository, Point from, Optional<Point> until, Optional<String> endedBy) {
    static Place of(ExposedPlace place) {
      return new Place(
          place.repository(),
          Point.of(place.from()),
          place.until().map(Point::of),
          place.endedBy());
    }
  }

  /** Pulls by somebody; without a tag, those by digest. See {@link ActorPulls}. */
  public record Pulled(
      RepositoryName repository,
      Optional<Tag> tag,
      Optional<String> actor,
      long count,
      String first,
      String last,
      Optional<String> lastBlob) {
    static Pulled of(ActorPulls pulls) {
      return new Pulled(
          pulls.repository(),
          pulls.tag(),
          pulls.actor(),
          pulls.count(),
          pulls.first().toString(),
          pulls.last().toString(),
          pulls.lastBlob().map(Instant::toString));
    }
  }

  /**
   * A manifest that has the digest; see {@link Exposed}.
   *
   * @param more which of the lists have more than is told here: {@code repositories}, {@code tags},
   *     {@code pulls}, or {@code indexes} for manifests that should follow this one
   */
  public record Manifest(
      Digest digest,
      String mediaType,
      long size,
      List<String> how,
      Optional<Digest> via,
      List<Place> repositories,
      List<TagQuestions.Period> tags,
      List<Pulled> pulls,
      List<String> more) {
    private static final Columns<Manifest> COLUMNS =
        Columns.over(Manifest.class)
            .with("digest", Manifest::digest)
            .with("mediaType", Manifest::mediaType)
            .with("size", Manifest::size)
            .with("how", Manifest::how)
            .with("via", Manifest::via)
            .with("more", Manifest::more);
  }

  /**
   * A period during which a repository had a manifest, or a tag of it pointed to it.
   *
   * @param how see {@link Exposed}
   * @param moreIndexes present if the image is in more indexes than are told of
   */
  public record PeriodRow(
      RepositoryName repository,
      Optional<Tag> tag,
      Digest digest,
      List<String> how,
      Optional<Digest> via,
      Act from,
      Optional<Act> until,
      Optional<String> endedBy,
      Optional<Boolean> moreIndexes) {}

  /** Pulls of a manifest by somebody; without a tag, those by digest. See {@link ActorPulls}. */
  public record PullRow(
      Optional<String> actor,
      RepositoryName repository,
      Optional<Tag> tag,
      Digest digest,
      List<String> how,
      Optional<Digest> via,
      long pulls,
      String first,
      String last,
      Optional<String> lastBlob,
      Optional<Boolean> moreIndexes) {}

  List<Question<?>> all() {
    List<Parameter<?>> flat =
        List.of(Parameter.DIGEST, Parameter.LIMIT, Parameter.LAST_DIGEST, LAST_INDEX, LAST_ROW);
    return List.of(
        Question.list(
            "exposure --manifests",
            Address.EXPOSURE,
            Manifest.COLUMNS,
            List.of(Parameter.DIGEST, Parameter.LIMIT, Parameter.LAST_DIGEST, LAST_INDEX),
            this::manifests),
        Question.list(
                "exposure",
                Address.EXPOSURE_PERIODS,
                Columns.fields(PeriodRow.class),
                flat,
                asked -> rows(asked, this::periods))
            .shown(Columns.table(PeriodRow.class)),
        Question.list(
            "exposure --pulls",
            Address.EXPOSURE_PULLS,
            Columns.fields(PullRow.class),
            flat,
            asked -> rows(asked, this::pulls)));
  }

  private Digest digest(Asked asked) {
    return asked
        .required(Parameter.DIGEST, "which digest is meant")
        .resolve(registry.archive(), asked.everywhere());
  }

  private static Optional<ExposurePage.Key> after(Asked asked) {
    Optional<Digest> index = asked.first(LAST_INDEX);
    Optional<ExposurePage.Key> after =
        asked.first(Parameter.LAST_DIGEST).map(last -> new ExposurePage.Key(last, index));
    if (after.isEmpty() && index.isPresent()) {
      throw Parameter.invalid("last-index says nothing without last");
    }
    return after;
  }

  private static <R> Answer<R> next(Answer<R> answer, Digest digest, ExposurePage.Key key) {
    return answer
        .next(Parameter.DIGEST, Optional.of(digest))
        .nextWithout(LAST_INDEX)
        .next(Parameter.LAST_DIGEST, Optional.of(key.image()))
        .next(LAST_INDEX, key.index());
  }

  /**
   * An answer after which nothing follows. A digest of no manifest may be on record all the same,
   * and one that no event speaks of may be named by a manifest.
   */
  private <R> Answer<R> all(Answer<R> answer, Digest digest) {
    return answer.rows().isEmpty()
            && !registry.log().mentioned(digest)
            && exposure.manifests(digest, Optional.empty(), 1).manifests().isEmpty()
        ? answer.unknown(EventQuestions.unmentioned(digest))
        : answer;
  }

  private static List<String> how(Exposed exposed) {
    return exposed.how().stream().sorted().map(how -> how.name().toLowerCase(Locale.ROOT)).toList();
  }

  private Answer<Manifest> manifests(Asked asked) {
    Digest digest = digest(asked);
    AsOf now = exposure.now();
    ExposurePage page =
        exposure.manifests(digest, after(asked), asked.limit(DEFAULT_PAGE, LARGEST_PAGE));
    Map<Digest, Exposure.Where> where =
        exposure.where(page.manifests().stream().map(Exposed::digest).distinct().toList(), NESTED);
    Answer<Manifest> answer =
        Answer.of(
            Answer.about("at", At.of(now), "digest", digest),
            page.manifests().stream()
                .map(exposed -> manifest(exposed, where.get(exposed.digest())))
                .toList());
    return page.next().isPresent() ? next(answer, digest, page.next().get()) : all(answer, digest);
  }

  private Manifest manifest(Exposed exposed, Exposure.Where where) {
    List<String> more = new ArrayList<>();
    if (where.places().more()) {
      more.add("repositories");
    }
    if (where.tags().more()) {
      more.add("tags");
    }
    if (where.pulls().more()) {
      more.add("pulls");
    }
    if (exposed.moreIndexes()) {
      more.add("indexes");
    }
    return new Manifest(
        exposed.digest(),
        exposed.mediaType(),
        exposed.size(),
        how(exposed),
        exposed.via(),
        where.places().items().stream().map(Place::of).toList(),
        TagQuestions.rows(registry, where.tags().items()),
        where.pulls().items().stream().map(Pulled::of).toList(),
        more);
  }

  /**
   * Rows of one manifest.
   *
   * @param last how the last of them is written; absent if they are all
   */
  private record Part<R>(List<R> rows, Optional<String> last) {}

  /** Reads the rows of a manifest that come after one, which is written as text. */
  @FunctionalInterface
  private interface Reader<R> {
    Part<R> read(Exposed exposed, Optional<String> last, int limit);
  }

  /**
   * Manifest after manifest, until there is a row more than the page takes or it took long enough:
   * then it may have few rows, or none, and perhaps none follow.
   */
  private <R> Answer<R> rows(Asked asked, Reader<R> reader) {
    Digest digest = digest(asked);
    int limit = asked.limit();
    AsOf now = exposure.now();
    Optional<ExposurePage.Key> after = after(asked);
    Optional<String> lastRow = asked.first(LAST_ROW);
    List<R> rows = new ArrayList<>();
    Map<String, Object> about = Answer.about("at", At.of(now), "digest", digest);
    for (int looked = 0; looked < MOST_MANIFESTS; looked += TOGETHER) {
      ExposurePage page = exposure.manifests(digest, after, TOGETHER);
      for (Exposed exposed : page.manifests()) {
        boolean full = rows.size() == limit;
        Part<R> part = reader.read(exposed, lastRow, full ? 1 : limit - rows.size());
        if (full && !part.rows().isEmpty()) {
          return at(Answer.of(about, rows), digest, after, Optional.empty());
        }
        rows.addAll(part.rows());
        if (part.last().isPresent()) {
          return at(Answer.of(about, rows), digest, after, part.last());
        }
        lastRow = Optional.empty();
        after = Optional.of(exposed.key());
      }
      if (page.next().isEmpty()) {
        return all(Answer.of(about, rows), digest);
      }
      after = page.next();
    }
    return at(Answer.of(about, rows), digest, after, Optional.empty());
  }

  private static <R> Answer<R> at(
      Answer<R> answer, Digest digest, Optional<ExposurePage.Key> after, Optional<String> row) {
    return answer
        .next(Parameter.DIGEST, Optional.of(digest))
        .nextWithout(Parameter.LAST_DIGEST)
        .nextWithout(LAST_INDEX)
        .nextWithout(LAST_ROW)
        .next(Parameter.LAST_DIGEST, after.map(ExposurePage.Key::image))
        .next(LAST_INDEX, after.flatMap(ExposurePage.Key::index))
        .next(LAST_ROW, row);
  }

  private Part<PeriodRow> periods(Exposed exposed, Optional<String> last, int limit) {
    List<PeriodRow> rows = new ArrayList<>();
    Optional<String> lastTag = last.filter(row -> row.startsWith("tag "));
    if (lastTag.isEmpty()) {
      Page<ExposedPlace> places =
          exposure.places(exposed.digest(), last.map(ExposureQuestions::place), limit);
      for (ExposedPlace place : places.items()) {
        rows.add(
            new PeriodRow(
                place.repository(),
                Optional.empty(),
                exposed.digest(),
                how(exposed),
                exposed.via(),
                Act.of(place.from(), Optional.empty(), Optional.empty()),
                place.until().map(u -> Act.of(u, Optional.empty(), Optional.empty())),
                place.endedBy(),
                moreIndexes(exposed)));
      }
      if (places.more()) {
        ExposedPlace end = places.items().getLast();
        return new Part<>(
            rows, Optional.of("place " + end.repository() + " " + end.from().position()));
      }
      if (rows.size() == limit) {
        boolean tagged = !exposure.tags(exposed.digest(), Optional.empty(), 1).items().isEmpty();
        return new Part<>(rows, tagged ? Optional.of("tag ") : Optional.empty());
      }
    }
    Page<TagPeriod> tags =
        exposure.tags(
            exposed.digest(), lastTag.flatMap(ExposureQuestions::period), limit - rows.size());
    for (TagQuestions.Period period : TagQuestions.rows(registry, tags.items())) {
      rows.add(
          new PeriodRow(
              period.repository(),
              Optional.of(period.tag()),
              exposed.digest(),
              how(exposed),
              exposed.via(),
              period.from(),
              period.until(),
              period.endedBy(),
              moreIndexes(exposed)));
    }
    return new Part<>(
        rows,
        tags.more()
            ? Optional.of(tags.items().getLast())
                .map(
                    end ->
                        "tag " + end.repository() + " " + end.tag() + " " + end.from().position())
            : Optional.empty());
  }

  private Part<PullRow> pulls(Exposed exposed, Optional<String> last, int limit) {
    Page<ActorPulls> page =
        exposure.pulls(exposed.digest(), last.map(ExposureQuestions::pulls), limit);
    return new Part<>(
        page.items().stream()
            .map(
                pulls ->
                    new PullRow(
                        pulls.actor(),
                        pulls.repository(),
                        pulls.tag(),
                        exposed.digest(),
                        how(exposed),
                        exposed.via(),
                        pulls.count(),
                        pulls.first().toString(),
                        pulls.last().toString(),
                        pulls.lastBlob().map(Instant::toString),
                        moreIndexes(exposed)))
            .toList(),
        page.more()
            ? Optional.of(page.items().getLast())
                .map(
                    end ->
                        "pull "
                            + end.repository()
                            + " "
                            + end.tag().map(Tag::value).orElse("-")
                            + " "
                            + end.actorId().value())
            : Optional.empty());
  }

  private static Optional<Boolean> moreIndexes(Exposed exposed) {
    return exposed.moreIndexes() ? Optional.of(true) : Optional.empty();
  }

  // How the last row of a page is written: what it is, and the parts of its key.

  private static String[] parts(String row, int count) {
    String[] parts = row.split(" ");
    if (parts.length != count) {
      throw Parameter.invalid("last-row must be as the page before said");
    }
    return parts;
  }

  private static long position(String text) {
    return Parameter.position(LAST_ROW.name()).read(text);
  }

  private static ExposedPlace place(String row) {
    String[] parts = parts(row, 3);
    return new ExposedPlace(
        RepositoryName.parse(parts[1]),
        new Since(position(parts[2]), Instant.EPOCH),
        Optional.empty(),
        Optional.empty());
  }

  private static Optional<TagPeriod> period(String row) {
    if (row.strip().equals("tag")) {
      return Optional.empty();
    }
    String[] parts = parts(row, 4);
    return Optional.of(
        new TagPeriod(
            RepositoryName.parse(parts[1]),
            Tag.parse(parts[2]),
            Digest.of(Digest.Algorithm.SHA256, new byte[0]),
            new Since(position(parts[3]), Instant.EPOCH),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty()));
  }

  private static ActorPulls pulls(String row) {
    String[] parts = parts(row, 4);
    try {
      return new ActorPulls(
          RepositoryName.parse(parts[1]),
          parts[2].equals("-") ? Optional.empty() : Optional.of(Tag.parse(parts[2])),
          new ActorId(UUID.fromString(parts[3])),
          Optional.empty(),
          0,
          Instant.EPOCH,
          Instant.EPOCH,
          Optional.empty());
    } catch (IllegalArgumentException e) {
      throw Parameter.invalid("last-row must be as the page before said");
    }
  }
}
