package dev.stele.registry;

import dev.stele.blob.UploadId;
import dev.stele.event.Approved;
import dev.stele.event.Event.AccessDenied;
import dev.stele.event.RobotName;
import dev.stele.log.AsOf;
import dev.stele.log.Moment;
import dev.stele.oci.Digest;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.RepositoryGlob;
import dev.stele.projection.Hold;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Why the registry refuses a well-formed request. A protocol maps each to what it has for that, as
 * HTTP does to a status and a code of the distribution specification; the words are these.
 */
public sealed interface Refusal {
  /** What was wrong and what to do, for people. */
  String message();

  /**
   * Why somebody was kept from something that is forbidden, whoever it is that tries, where the
   * record should have that they tried; empty for what was a mistake.
   */
  default Optional<AccessDenied.Reason> denial() {
    return Optional.empty();
  }

  record UnknownRepository(RepositoryName repository) implements Refusal {
    @Override
    public String message() {
      return "there is no repository " + repository;
    }
  }

  record UnknownManifest(RepositoryName repository, Reference reference) implements Refusal {
    @Override
    public String message() {
      return "repository " + repository + " has no manifest " + reference;
    }
  }

  /**
   * No such blob in this repository, or its bytes are not what the log says (a damaged object
   * counts as absent).
   */
  record UnknownBlob(RepositoryName repository, Digest digest) implements Refusal {
    @Override
    public String message() {
      return "repository " + repository + " has no blob " + digest;
    }
  }

  /** No event speaks of the digest. */
  record UnknownDigest(Digest digest) implements Refusal {
    @Override
    public String message() {
      return "no event speaks of " + digest;
    }
  }

  /** Evidence would have more events than it may. */
  record TooMuchEvidence(int most) implements Refusal {
    @Override
    public String message() {
      return "there are more than %,d events: ask for a shorter time, with from and to"
          .formatted(most);
    }
  }

  /** Nothing that asks here is signed, since no server runs. */
  record SignsNothing() implements Refusal {
    @Override
    public String message() {
      return "evidence needs a server that runs, since that signs the log: start one (stele serve),"
          + " and ask again";
    }
  }

  /**
   * The log is not signed yet with what evidence needs.
   *
   * @param position up to which it would have to be
   */
  record NotSigned(long position) implements Refusal {
    @Override
    public String message() {
      return "the log is not signed up to event %d yet, so there is nothing to show it by; ask again, and if it stays so, see the alarm log"
          .formatted(position);
    }
  }

  /** A moment that has not passed yet, when the last event was the one at {@code newest}. */
  record NotYet(Moment moment, long newest) implements Refusal {
    @Override
    public String message() {
      return moment
          + " has not passed yet: "
          + (newest < 0 ? "there is no event" : "the newest event is at position " + newest);
    }
  }

  record NoRepositoryThen(RepositoryName repository, AsOf asOf) implements Refusal {
    @Override
    public String message() {
      return "there was no repository " + repository + " at " + asOf;
    }
  }

  record NoManifestThen(RepositoryName repository, Reference reference, AsOf asOf)
      implements Refusal {
    @Override
    public String message() {
      return "repository " + repository + " had no manifest " + reference + " at " + asOf;
    }
  }

  record NoBlobThen(RepositoryName repository, Digest digest, AsOf asOf) implements Refusal {
    @Override
    public String message() {
      return "repository " + repository + " had no blob " + digest + " at " + asOf;
    }
  }

  /**
   * A repository had the blob at that moment, but its bytes are no longer kept.
   *
   * @param story what became of it, in the order of the log: the event after which nothing reached
   *     it, where the collector found that; the one by which the repository lost it; the one by
   *     which its bytes were given up. Empty if nothing gave them up: they are damaged, or missing
   *     in the store
   */
  record BlobGone(RepositoryName repository, Digest digest, AsOf asOf, List<EventEntry> story)
      implements Refusal {
    public BlobGone {
      story = List.copyOf(story);
    }

    @Override
    public String message() {
      return "blob %s of %s was there at %s, but %s"
          .formatted(digest, repository, asOf, BlobFate.of(this));
    }
  }

  /**
   * A repository had the manifest at that moment, but an image of it can no longer be pulled.
   *
   * @param swept which of its blobs are no longer kept
   * @param first what became of the first of them
   */
  record ImageGone(Reference reference, List<Digest> swept, BlobGone first) implements Refusal {
    public ImageGone {
      swept = List.copyOf(swept);
    }

    @Override
    public String message() {
      return "%s of %s was there at %s, but %d of its blobs are no longer kept; of %s: %s"
          .formatted(
              reference,
              first.repository(),
              first.asOf(),
              swept.size(),
              first.digest(),
              BlobFate.of(first));
    }
  }

  /**
   * What the caller asked to be true is not.
   *
   * @param reference the tag, or the digest of the manifest or blob
   * @param actual what is there: what the tag points to; absent if there is nothing
   */
  record PreconditionFailed(RepositoryName repository, Reference reference, Optional<Digest> actual)
      implements Refusal {
    @Override
    public String message() {
      return "nothing was done: %s of %s is %s, which If-Match or If-None-Match rules out"
          .formatted(reference, repository, actual.map(Digest::toString).orElse("not there"));
    }
  }

  record UnknownUpload(UploadId id) implements Refusal {
    @Override
    public String message() {
      return "there is no such upload; it was finished, cancelled or given up";
    }
  }

  /** Another request is writing to the same upload. */
  record UploadBusy(UploadId id) implements Refusal {
    @Override
    public String message() {
      return "another request is writing to this upload";
    }
  }

  /**
   * A chunk that does not start where the upload stands, or is not as long as declared; {@code
   * size} bytes are there.
   */
  record BadRange(UploadId id, long size) implements Refusal {
    @Override
    public String message() {
      return "the chunk must start at byte " + size + " and be as long as it says";
    }
  }

  record DigestMismatch(Digest expected, Digest actual) implements Refusal {
    @Override
    public String message() {
      return "the content's digest is " + actual + ", not " + expected;
    }
  }

  record InvalidManifest(String reason) implements Refusal {
    @Override
    public String message() {
      return reason;
    }
  }

  /**
   * Content that the manifest lists and that the repository has neither as blob nor as manifest.
   */
  record MissingContent(List<Digest> digests) implements Refusal {
    public MissingContent {
      digests = List.copyOf(digests);
    }

    @Override
    public String message() {
      return "the manifest lists content that the repository lacks; push that first";
    }
  }

  /**
   * An image lacks annotations that the operator has made mandatory, both in its manifest and among
   * its config's labels.
   */
  record MissingAnnotations(List<String> keys) implements Refusal {
    @Override
    public String message() {
      return "this registry asks of an image that its annotations or its config's labels have "
          + String.join(", ", keys);
    }
  }

  /** A manifest to be deleted by its digest has several tags, and collision detection is on. */
  record SeveralTags(Digest digest, List<Tag> tags) implements Refusal {
    @Override
    public String message() {
      return "manifest " + digest + " has more than one tag; delete the others first";
    }
  }

  /**
   * A blob or manifest that these present manifests list, so that it cannot be deleted; as a blob
   * also one that is a manifest itself.
   *
   * @param by at most {@value #MOST_NAMED} of them
   */
  record Referenced(Digest digest, List<Digest> by) implements Refusal {
    static final int MOST_NAMED = 10;

    public Referenced {
      by = List.copyOf(by);
    }

    @Override
    public String message() {
      return by.equals(List.of(digest))
          ? digest + " is a manifest; delete it at /manifests/" + digest
          : digest + " is listed by a manifest; delete that first";
    }
  }

  /**
   * A hold forbids it.
   *
   * @param what it is kept, in words: {@code tag v1 of team/app}
   */
  record Held(String what, Hold hold) implements Refusal {
    @Override
    public Optional<AccessDenied.Reason> denial() {
      return Optional.of(AccessDenied.Reason.HELD);
    }

    @Override
    public String message() {
      return "%s is held: %s".formatted(what, words(hold));
    }
  }

  /** A tag that the operator has made immutable; it points to {@code digest}. */
  record ImmutableTag(RepositoryName repository, Tag tag, Digest digest) implements Refusal {
    @Override
    public Optional<AccessDenied.Reason> denial() {
      return Optional.of(AccessDenied.Reason.IMMUTABLE);
    }

    @Override
    public String message() {
      return ("tag %s of %s is immutable: it points to %s and can neither be moved nor deleted;"
              + " push under another tag")
          .formatted(tag, repository, digest);
    }
  }

  /** A tag that points to {@code digest}, and that the caller may not move. */
  record TagMayNotMove(RepositoryName repository, Tag tag, Digest digest) implements Refusal {
    @Override
    public Optional<AccessDenied.Reason> denial() {
      return Optional.of(AccessDenied.Reason.RIGHT);
    }

    @Override
    public String message() {
      return ("tag %s of %s points to %s, and you may make new tags there but not move it; push"
              + " under another tag, or ask for the right move-tag")
          .formatted(tag, repository, digest);
    }
  }

  /** It never was, has ended or has expired. */
  record UnknownSession(String id) implements Refusal {
    @Override
    public String message() {
      return "there is no session " + id;
    }
  }

  record UnknownHold(UUID id) implements Refusal {
    @Override
    public String message() {
      return "there is no hold " + id;
    }
  }

  /** A hold with the id of a new one is there, and covers something else or says another reason. */
  record OtherHold(Hold hold) implements Refusal {
    @Override
    public String message() {
      return "another hold has that id: " + words(hold);
    }
  }

  /** What takes several persons, or another, was asked for by who may be anybody. */
  record NoPerson(String name, Approved act) implements Refusal {
    @Override
    public Optional<AccessDenied.Reason> denial() {
      return Optional.of(AccessDenied.Reason.PERSON);
    }

    @Override
    public String message() {
      return ("%s takes a person who signs in as a user or by a certificate, since %s may be"
              + " anybody; name the server with --server, and a user")
          .formatted(words(act), name);
    }
  }

  /** Whoever asks has placed the hold, or nobody can say who has. */
  record NotAnother(String hold) implements Refusal {
    @Override
    public Optional<AccessDenied.Reason> denial() {
      return Optional.of(AccessDenied.Reason.ANOTHER_PERSON);
    }

    @Override
    public String message() {
      return "hold %s is yours, or nobody can say whose: somebody else must release it"
          .formatted(hold);
    }
  }

  /**
   * Whoever asks has not approved of it, or it is done, or the approval does not count any more.
   */
  record UnknownApproval(Approved act, RepositoryGlob repositories, String subject)
      implements Refusal {
    @Override
    public String message() {
      return "of %s %s in %s, no approval of yours waits for others"
          .formatted(act.word(), subject, repositories);
    }
  }

  record UnknownRobot(RobotName robot) implements Refusal {
    @Override
    public String message() {
      return "there is no robot " + robot;
    }
  }

  record RobotExists(RobotName robot) implements Refusal {
    @Override
    public String message() {
      return "there is a robot " + robot + " already; give it another key, or choose another name";
    }
  }

  /**
   * A robot has as many keys as it may have.
   *
   * @param keyIds of those that count
   */
  record TooManyRobotKeys(RobotName robot, List<String> keyIds) implements Refusal {
    public TooManyRobotKeys {
      keyIds = List.copyOf(keyIds);
    }

    @Override
    public String message() {
      return "robot %s has %d keys that count, %s; revoke one first"
          .formatted(robot, keyIds.size(), String.join(" and ", keyIds));
    }
  }

  /** It never was, was revoked, or expired before the robot got its last one. */
  record UnknownRobotKey(RobotName robot, String keyId) implements Refusal {
    @Override
    public String message() {
      return "robot " + robot + " has no such key now";
    }
  }

  /**
   * More than can be restored at once.
   *
   * @param most tags and manifests
   * @param mostListed different digests that manifests may list
   */
  record TooMuchToRestore(RepositoryName repository, int most, int mostListed) implements Refusal {
    @Override
    public String message() {
      return ("what is asked for of %s had more than %,d tags or manifests, or these listed more"
              + " than %,d different digests, which is the most that is restored at once;"
              + " restore its tags or manifests one by one")
          .formatted(repository, most, mostListed);
    }
  }

  private static String words(Approved act) {
    return switch (act) {
      case RELEASE_HOLD -> "releasing this hold";
      case RESTORE_REPOSITORY -> "restoring a whole repository";
    };
  }

  /** Who placed a hold, when and why, and how it ends. */
  private static String words(Hold hold) {
    return "hold %s on %s, placed by %s at %s: \"%s\"; only its release ends that"
        .formatted(
            hold.id(),
            hold.scope(),
            hold.placed().actor().orElse("somebody"),
            hold.placed().at().truncatedTo(ChronoUnit.SECONDS),
            hold.reason());
  }
}
