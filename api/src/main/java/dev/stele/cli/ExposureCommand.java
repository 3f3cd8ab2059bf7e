package dev.stele.cli;

import dev.stele.history.ActorPulls;
import dev.stele.history.Exposed;
import dev.stele.history.ExposedPlace;
import dev.stele.history.Exposure;
import dev.stele.history.ExposurePage;
import dev.stele.history.History;
import dev.stele.history.Since;
import dev.stele.history.TagPeriod;
import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.registry.Page;
import dev.stele.server.Inspection;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code stele exposure}. */
@Command(
    name = "exposure",
    description = {
      "Tells where a digest is and was, such as that of a layer or base image that is now known to"
          + " be bad: in which manifests, in which repositories, under which tags and when; or,"
          + " with --pulls, who pulled it.",
      "A row without a tag says when the repository had the manifest at all. An index is told of"
          + " once for each image in it that has the digest (VIA)."
    })
final class ExposureCommand extends PastCommand {
  private static final int PAGE = 200;

  /** A period during which a repository had a manifest, or a tag of it pointed to it. */
  private record Place(
      Exposed manifest,
      RepositoryName repository,
      Optional<Tag> tag,
      Since from,
      Optional<String> fromActor,
      Optional<Since> until,
      Optional<String> untilActor,
      Optional<String> endedBy) {}

  private static final Columns<Place> PLACE =
      Columns.of(Place.class)
          .with("repository", Place::repository)
          .with("tag", Place::tag)
          .with("digest", place -> place.manifest().digest())
          .with("how", place -> how(place.manifest()))
          .with("via", place -> place.manifest().via())
          .with("from", place -> place.from().at())
          .with("fromPosition", place -> place.from().position())
          .with("fromActor", Place::fromActor)
          .with("until", place -> place.until().map(Since::at))
          .with("untilPosition", place -> place.until().map(Since::position))
          .with("untilActor", Place::untilActor)
          .with("endedBy", Place::endedBy);

  private record Pulled(Exposed manifest, ActorPulls pulls) {}

  private static final Columns<Pulled> PULLED =
      Columns.of(Pulled.class)
          .with("actor", row -> row.pulls().actor())
          .with("repository", row -> row.pulls().repository())
          .with("tag", row -> row.pulls().tag())
          .with("digest", row -> row.manifest().digest())
          .with("how", row -> how(row.manifest()))
          .with("via", row -> row.manifest().via())
          .with("pulls", row -> row.pulls().count())
          .with("first", row -> row.pulls().first())
          .with("last", row -> row.pulls().last());

  @Parameters(
      paramLabel = "DIGEST",
      description = "Of a layer, a config, an image, an index or anything else.")
  private Digest digest;

  @Option(
      names = "--pulls",
      description = "Who pulled the manifests that have it, how often, and when first and last.")
  private boolean pulls;

  private long manifests;
  private long rows;
  private boolean moreIndexes;

  private static String how(Exposed manifest) {
    return manifest.how().stream()
        .sorted()
        .map(how -> how.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(", "));
  }

  @Override
  void print(Inspection inspection, History history, PrintWriter out) {
    Exposure exposure = new Exposure(inspection.registry());
    exposure.build();
    if (pulls) {
      try (Rows<Pulled> listing = output().open(out, PULLED)) {
        each(exposure, manifest -> pulls(exposure, manifest, listing));
      }
    } else {
      try (Rows<Place> listing = output().open(out, PLACE)) {
        each(exposure, manifest -> places(exposure, manifest, listing));
      }
    }
    if (manifests == 0) {
      output().note(out, "No manifest that was ever put is or names " + digest + ".");
      return;
    }
    output()
        .note(
            out,
            "Manifests that have it: %,d; %s: %,d"
                .formatted(manifests, pulls ? "rows of pulls" : "periods", rows));
    if (moreIndexes) {
      output()
          .note(
              out,
              "Some image is in more indexes than are told of here; ask for the image's own"
                  + " digest.");
    }
  }

  private void each(Exposure exposure, Consumer<Exposed> print) {
    Optional<ExposurePage.Key> after = Optional.empty();
    do {
      ExposurePage page = exposure.manifests(digest, after, PAGE);
      for (Exposed manifest : page.manifests()) {
        manifests++;
        moreIndexes |= manifest.moreIndexes();
        print.accept(manifest);
      }
      after = page.next();
    } while (after.isPresent());
  }

  private void places(Exposure exposure, Exposed manifest, Rows<Place> listing) {
    all(
        (last, limit) -> exposure.places(manifest.digest(), last, limit),
        (ExposedPlace place) ->
            listing.add(
                new Place(
                    manifest,
                    place.repository(),
                    Optional.empty(),
                    place.from(),
                    Optional.empty(),
                    place.until(),
                    Optional.empty(),
                    place.endedBy())));
    all(
        (last, limit) -> exposure.tags(manifest.digest(), last, limit),
        (TagPeriod period) ->
            listing.add(
                new Place(
                    manifest,
                    period.repository(),
                    Optional.of(period.tag()),
                    period.from(),
                    period.fromActor(),
                    period.until(),
                    period.untilActor(),
                    period.endedBy())));
  }

  private void pulls(Exposure exposure, Exposed manifest, Rows<Pulled> listing) {
    all(
        (last, limit) -> exposure.pulls(manifest.digest(), last, limit),
        (ActorPulls pulled) -> listing.add(new Pulled(manifest, pulled)));
  }

  private <T> void all(Pages<T> pages, Consumer<T> add) {
    Page<T> page = pages.after(Optional.empty(), PAGE);
    while (true) {
      List<T> items = page.items();
      items.forEach(add);
      rows += items.size();
      if (!page.more()) {
        return;
      }
      page = pages.after(Optional.of(items.getLast()), PAGE);
    }
  }
}
