package dev.stele.question;

import dev.stele.history.Change;
import dev.stele.history.History;
import dev.stele.history.PastManifest;
import dev.stele.history.PastTag;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.registry.Page;
import dev.stele.registry.Registry;
import dev.stele.server.http.Need;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What there was at a moment ({@code at}, the newest event if absent), and what changed between
 * two. The next page names the position that the moment was resolved to, so that all pages are of
 * one state.
 */
final class RepositoryQuestions {
  private static final Parameter<String> ARTIFACT_TYPE = Parameter.text("artifact-type");
  private static final Parameter<Tag> LAST_CHANGED_TAG = new Parameter<>("last-tag", Tag::parse);
  private static final Parameter<Digest> LAST_CHANGED_MANIFEST =
      new Parameter<>("last-manifest", Digest::parse);

  private final Registry registry;
  private final History history;

  RepositoryQuestions(Registry registry, History history) {
    this.registry = registry;
    this.history = history;
  }

  /** A repository. */
  public record There(RepositoryName repository) {}

  /** A tag, and since when it pointed to the digest. */
  public record TagThen(Tag name, Digest digest, Point since) {}

  /** A manifest, and since when the repository had it. */
  public record ManifestThen(
      Digest digest,
      String mediaType,
      Optional<String> artifactType,
      long size,
      Optional<Digest> subject,
      Point since) {
    static ManifestThen of(PastManifest manifest) {
      return new ManifestThen(
          manifest.digest(),
          manifest.mediaType(),
          manifest.artifactType(),
          manifest.size(),
          manifest.subject(),
          Point.of(manifest.since()));
    }
  }

  /**
   * A tag or manifest that changed.
   *
   * @param change {@code added}, {@code moved} or {@code removed}
   * @param name of a tag
   * @param from what a tag pointed to, or a manifest that was removed
   * @param to what a tag points to, or a manifest that was added
   */
  public record Changed(
      String kind, String change, Optional<Tag> name, Optional<Digest> from, Optional<Digest> to) {
    static Changed of(Change change) {
      return switch (change) {
        case Change.TagChange(var tag, var before, var after) ->
            new Changed(
                "tag",
                before.isEmpty() ? "added" : after.isEmpty() ? "removed" : "moved",
                Optional.of(tag),
                before,
                after);
        case Change.ManifestChange(var digest, var added) ->
            new Changed(
                "manifest",
                added ? "added" : "removed",
                Optional.empty(),
                added ? Optional.empty() : Optional.of(digest),
                added ? Optional.of(digest) : Optional.empty());
      };
    }
  }

  List<Question<?>> all() {
    List<Parameter<?>> page = List.of(Parameter.AT, Parameter.LIMIT, Parameter.LAST);
    return List.of(
        Question.list(
                "repositories",
                Address.REPOSITORIES,
                Columns.fields(There.class),
                page,
                this::repositories)
            .needing(Need.filtered(Action.READ_RECORD)),
        Question.list("tags", Address.TAGS, Columns.fields(TagThen.class), page, this::tags),
        Question.list(
            "manifests",
            Address.MANIFESTS,
            Columns.fields(ManifestThen.class),
            page,
            this::manifests),
        Question.list(
            "referrers",
            Address.REFERRERS,
            Columns.fields(Descriptor.class),
            List.of(Parameter.AT, ARTIFACT_TYPE, Parameter.LIMIT, Parameter.LAST),
            this::referrers),
        Question.list(
            "diff",
            Address.DIFF,
            Columns.fields(Changed.class),
            List.of(
                Parameter.FROM,
                Parameter.TO,
                Parameter.LIMIT,
                LAST_CHANGED_TAG,
                LAST_CHANGED_MANIFEST),
            this::diff));
  }

  private AsOf moment(Asked asked, Parameter<Moment> parameter) {
    return asked
        .first(parameter)
        .map(moment -> Absence.present(history, history.asOf(moment)))
        .orElseGet(history::now);
  }

  private static <T, R> Answer<R> page(
      Map<String, Object> about, AsOf at, Page<T> page, Function<T, R> row, Function<T, ?> key) {
    Answer<R> answer = Answer.of(about, page.items().stream().map(row).toList());
    return page.more()
        ? answer
            .next(Parameter.AT, Optional.of(At.written(at)))
            .next(Parameter.LAST, Optional.of(key.apply(page.items().getLast())))
        : answer;
  }

  private Answer<There> repositories(Asked asked) {
    AsOf at = moment(asked, Parameter.AT);
    return page(
        Answer.about("at", At.of(at)),
        at,
        Page.matching(
            asked.first(Parameter.LAST),
            asked.limit(),
            (after, limit) -> history.repositories(at, after, limit),
            asked.visible(),
            RepositoryName::value),
        There::new,
        RepositoryName::value);
  }

  private Answer<TagThen> tags(Asked asked) {
    RepositoryName repository = asked.repository();
    AsOf at = moment(asked, Parameter.AT);
    return page(
        Answer.about("at", At.of(at), "repository", repository),
        at,
        Absence.present(
            history, history.tags(at, repository, asked.first(Parameter.LAST), asked.limit())),
        tag -> new TagThen(tag.tag(), tag.digest(), Point.of(tag.since())),
        PastTag::tag);
  }

  private Answer<ManifestThen> manifests(Asked asked) {
    RepositoryName repository = asked.repository();
    AsOf at = moment(asked, Parameter.AT);
    return page(
        Answer.about("at", At.of(at), "repository", repository),
        at,
        Absence.present(
            history,
            history.manifests(at, repository, asked.first(Parameter.LAST_DIGEST), asked.limit())),
        ManifestThen::of,
        PastManifest::digest);
  }

  /** A subject may be missing and have referrers, so only one with neither is not on record. */
  private Answer<Descriptor> referrers(Asked asked) {
    RepositoryName repository = asked.repository();
    Digest subject =
        DigestText.parse(asked.path("digest")).resolve(registry.archive(), asked.everywhere());
    AsOf at = moment(asked, Parameter.AT);
    Optional<Digest> last = asked.first(Parameter.LAST_DIGEST);
    Page<Descriptor> found =
        history.referrers(at, repository, subject, asked.first(ARTIFACT_TYPE), last, asked.limit());
    if (found.items().isEmpty() && last.isEmpty()) {
      PastManifest _ =
          Absence.present(
              history, history.manifest(at, repository, new Reference.ByDigest(subject)));
    }
    return page(
        Answer.about("at", At.of(at), "repository", repository, "subject", subject),
        at,
        found,
        Function.identity(),
        Descriptor::digest);
  }

  private Answer<Changed> diff(Asked asked) {
    RepositoryName repository = asked.repository();
    Moment _ = asked.required(Parameter.FROM, "since when to compare");
    Interval<AsOf> interval = Interval.of(asked, history::asOf);
    AsOf from = interval.from().orElseThrow();
    AsOf to = interval.to().orElseGet(history::now);
    Optional<Change> last =
        asked
            .first(LAST_CHANGED_MANIFEST)
            .<Change>map(digest -> new Change.ManifestChange(digest, true))
            .or(
                () ->
                    asked
                        .first(LAST_CHANGED_TAG)
                        .map(tag -> new Change.TagChange(tag, Optional.empty(), Optional.empty())));
    Page<Change> page =
        Absence.present(history, history.diff(from, to, repository, last, asked.limit()));
    Answer<Changed> answer =
        Answer.of(
            Answer.about("from", At.of(from), "to", At.of(to), "repository", repository),
            page.items().stream().map(Changed::of).toList());
    if (!page.more()) {
      return answer;
    }
    Answer<Changed> more =
        answer
            .next(Parameter.FROM, Optional.of(At.written(from)))
            .next(Parameter.TO, Optional.of(At.written(to)));
    return switch (page.items().getLast()) {
      case Change.TagChange tag -> more.next(LAST_CHANGED_TAG, Optional.of(tag.tag()));
      case Change.ManifestChange manifest ->
          more.next(LAST_CHANGED_MANIFEST, Optional.of(manifest.digest()));
    };
  }
}
