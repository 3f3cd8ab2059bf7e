package dev.stele.event;

import dev.stele.oci.Digest;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Something that happened, as the log keeps it for ever. Field names are part of the record: never
 * rename one.
 */
public sealed interface Event {
  /** What happens in one repository. */
  sealed interface InRepository extends Event {
    RepositoryName repository();
  }

  // Families: so that whoever follows the log names the families that do not concern it, and still
  // does not compile when one grows that does.

  /** Repositories come and go. */
  sealed interface RepositoryEvent extends InRepository {}

  /** Blobs become part of a repository, or cease to be. */
  sealed interface BlobEvent extends InRepository {
    Digest digest();
  }

  /** A repository lost a blob. */
  sealed interface BlobRemoval extends BlobEvent {}

  /** What stores keep: found, mended or given up. */
  sealed interface ObjectEvent extends Event {}

  /** Manifests come and go. */
  sealed interface ManifestEvent extends InRepository {
    Digest digest();
  }

  /** A repository lost a manifest. */
  sealed interface ManifestRemoval extends ManifestEvent {}

  /** Tags come, move and go. */
  sealed interface TagEvent extends InRepository {
    Tag tag();
  }

  /** A tag points to a digest from then on. */
  sealed interface TagPointed extends TagEvent {
    Digest digest();

    /** What it pointed to before, if it was there. */
    Optional<Digest> previous();
  }

  /** Holds begin and end. */
  sealed interface HoldEvent extends Event {}

  /** Retention policies and what they decided. */
  sealed interface RetentionEvent extends Event {}

  /** What a node saw happen so many times between {@code first} and {@code last}. */
  sealed interface Observed extends Event {
    long count();

    Instant first();

    Instant last();

    /** The same, but so many times, and then. */
    Observed counting(long count, Instant first, Instant last);
  }

  /** What somebody got from a repository. */
  sealed interface PullEvent extends InRepository, Observed {}

  /** Accounts and sessions, by which somebody signs in, come and go. */
  sealed interface AccountEvent extends Event {}

  /** Accounts of programs come and go, and so do their keys. */
  sealed interface RobotEvent extends AccountEvent {
    RobotName robot();
  }

  /** Sessions of people begin and end. */
  sealed interface SessionEvent extends AccountEvent {
    /** Tells the session from others; it is a part of its token that is no secret. */
    String session();
  }

  /** What surrounds the log: its stores, its clock, its servers and who may come in. */
  sealed interface OperatorEvent extends Event {}

  /** Who came in and who did not, what was refused, and who read the record. */
  sealed interface AccessEvent extends OperatorEvent, Observed {}

  /** The repository that it happened in; empty for what concerns a store or the whole registry. */
  default Optional<RepositoryName> place() {
    return this instanceof InRepository here ? Optional.of(here.repository()) : Optional.empty();
  }

  /**
   * The glob of the repositories that it is about, if that is not where it happened: of several, or
   * of one that may not be there.
   */
  default Optional<String> repositories() {
    return Optional.empty();
  }

  /** The type's name in the log. */
  default String type() {
    return getClass().getSimpleName();
  }

  /** The number of the type's present form; an upcaster brings older ones to it on reading. */
  default int schema() {
    return 1;
  }

  /** The digests of the documents that it names, which are kept beside the log for good. */
  default List<Digest> documents() {
    return List.of();
  }

  /** A repository came to be, with the first content pushed to it. */
  record RepositoryCreated(RepositoryName repository) implements RepositoryEvent {}

  /** The collector removed a repository that had nothing left. */
  record RepositoryRemoved(RepositoryName repository) implements RepositoryEvent {}

  /**
   * A blob was uploaded.
   *
   * @param size in bytes
   * @param store the name of the store that has the bytes
   * @param objectKey where they lie in the store
   * @param stored whether this upload's bytes were kept; if not, the store already had them
   * @param linked whether the blob is new to the repository
   */
  record BlobUploaded(
      RepositoryName repository,
      Digest digest,
      long size,
      String store,
      String objectKey,
      boolean stored,
      boolean linked)
      implements BlobEvent {}

  /** A blob that the store had was made part of a repository, without bytes being sent. */
  record BlobMounted(
      RepositoryName repository, Digest digest, Optional<RepositoryName> from, boolean linked)
      implements BlobEvent {}

  /** A blob was removed from a repository. Its bytes remain until they are swept. */
  record BlobDeleted(RepositoryName repository, Digest digest) implements BlobRemoval {}

  /**
   * The collector removed a blob from a repository.
   *
   * @param unreachableSince the position of the event after which no root reached it there
   */
  record BlobUnlinked(RepositoryName repository, Digest digest, long unreachableSince)
      implements BlobRemoval {}

  /**
   * The collector gave up the bytes of a digest, which no repository has. They are removed from the
   * store after this is durable.
   *
   * @param size in bytes
   * @param unlinkedSince the position of the event that took the last repository's link away
   */
  record BlobSwept(String store, Digest digest, String objectKey, long size, long unlinkedSince)
      implements ObjectEvent {}

  /**
   * The collector gave up an object that the log did not know, such as a crash between storing and
   * recording leaves. It is removed from the store after this is durable, and can never be recorded
   * any more.
   *
   * @param size in bytes
   */
  record OrphanSwept(String store, String objectKey, long size) implements ObjectEvent {}

  /**
   * A check found that a stored object is not what the log says.
   *
   * @param found for people: what is there instead
   */
  record BlobCorruptionFound(
      String store, Digest digest, String objectKey, BlobProblem problem, String found)
      implements ObjectEvent {}

  /** A check found an object intact in which an earlier one had found a problem. */
  record BlobFoundIntact(String store, Digest digest, String objectKey) implements ObjectEvent {}

  /**
   * The stored bytes of a digest were damaged and an upload replaced them.
   *
   * @param damagedKey where the damaged object lies
   */
  record BlobRepaired(RepositoryName repository, Digest digest, String store, String damagedKey)
      implements InRepository, ObjectEvent {}

  /**
   * A manifest was put. Its exact bytes are in the document of that digest.
   *
   * @param size in bytes
   * @param added whether it is new to the repository
   * @param tags those that the client put it under, also those that pointed to it already
   */
  record ManifestPut(
      RepositoryName repository,
      Digest digest,
      String mediaType,
      long size,
      Optional<Digest> subject,
      boolean added,
      List<Tag> tags)
      implements ManifestEvent {
    public ManifestPut {
      tags = List.copyOf(tags);
    }

    /** 2: has {@code tags}. */
    @Override
    public int schema() {
      return 2;
    }

    @Override
    public List<Digest> documents() {
      return List.of(digest);
    }
  }

  /**
   * A manifest was removed from a repository, and all its tags with it. Of each tag an event with
   * {@link Cause.Kind#DIGEST_DELETE} follows: of the first few at once, of the others by and by,
   * but before the tag points anywhere again.
   */
  record ManifestDeleted(RepositoryName repository, Digest digest) implements ManifestRemoval {}

  /**
   * The collector removed a manifest from a repository.
   *
   * @param unreachableSince the position of the event after which no root reached it
   */
  record ManifestCollected(RepositoryName repository, Digest digest, long unreachableSince)
      implements ManifestRemoval {}

  /**
   * A tag was created or moved.
   *
   * @param previous what it pointed to before; absent when it was created
   */
  record TagMoved(RepositoryName repository, Tag tag, Digest digest, Optional<Digest> previous)
      implements TagPointed {}

  /**
   * A tag was made to point to what it had pointed to once.
   *
   * @param previous what it pointed to before; absent when it had been deleted
   * @param restoredFrom it points to what it did after the event at this position
   */
  record TagRestored(
      RepositoryName repository,
      Tag tag,
      Digest digest,
      Optional<Digest> previous,
      long restoredFrom)
      implements TagPointed {}

  /** A tag was deleted; it pointed to that digest. */
  record TagDeleted(RepositoryName repository, Tag tag, Digest digest) implements TagEvent {}

  /**
   * From here on a retention policy is in force.
   *
   * @param policy the digest of its document
   */
  record RetentionPolicyAdopted(Digest policy) implements RetentionEvent {
    @Override
    public List<Digest> documents() {
      return List.of(policy);
    }
  }

  /**
   * A retention policy was applied to a repository; what it removes follows as events of their own,
   * unless it was a dry run.
   *
   * @param policy the digest of the policy's document
   * @param inputPosition the decisions follow from the events below this position
   * @param evaluatedAt the time that rules such as pushed-within counted back from, so that the
   *     decisions can be made again from the record
   * @param kept how many tags
   * @param removed how many tags
   * @param decisions the digest of the document that says of each tag what was decided, and why
   */
  record RetentionEvaluated(
      RepositoryName repository,
      Digest policy,
      long inputPosition,
      Instant evaluatedAt,
      long kept,
      long removed,
      Digest decisions,
      boolean dryRun)
      implements InRepository, RetentionEvent {
    @Override
    public List<Digest> documents() {
      return List.of(policy, decisions);
    }
  }

  /**
   * The event's actor pulled a manifest, so many times.
   *
   * @param tag by which; absent: by digest
   */
  record PullsObserved(
      RepositoryName repository,
      Digest digest,
      Optional<Tag> tag,
      long count,
      Instant first,
      Instant last)
      implements PullEvent {
    @Override
    public PullsObserved counting(long count, Instant first, Instant last) {
      return new PullsObserved(repository, digest, tag, count, first, last);
    }
  }

  /**
   * The event's actor asked for the bytes of blobs of a repository, so many times. A pull of a
   * manifest without any was a client's that looks before it tags or deletes, or that had all.
   */
  record BlobPullsObserved(RepositoryName repository, long count, Instant first, Instant last)
      implements PullEvent {
    @Override
    public BlobPullsObserved counting(long count, Instant first, Instant last) {
      return new BlobPullsObserved(repository, count, first, last);
    }
  }

  /**
   * From here on nothing that is covered may go, whoever wants it to, until the hold is released.
   * It covers repositories with all that they have; or, with {@code tag}, that tag of them and what
   * it points to; or, with {@code digest}, that manifest or blob of them, and its bytes.
   *
   * @param repository the one repository; absent if there is a glob
   * @param repositories a glob of repositories; absent if there is just one
   * @param freeze whether covered tags may not move either
   */
  record HoldPlaced(
      UUID hold,
      Optional<RepositoryName> repository,
      Optional<String> repositories,
      Optional<Tag> tag,
      Optional<Digest> digest,
      boolean freeze,
      String reason)
      implements HoldEvent {
    @Override
    public Optional<RepositoryName> place() {
      return repository;
    }
  }

  /**
   * A hold was released. What it covered is the same as when it was placed.
   *
   * @param approvals the positions of the events by which those approved whom it took, that of the
   *     event's actor last; none where one person was enough
   */
  record HoldReleased(
      UUID hold,
      Optional<RepositoryName> repository,
      Optional<String> repositories,
      Optional<Tag> tag,
      Optional<Digest> digest,
      String reason,
      List<Long> approvals)
      implements HoldEvent {
    public HoldReleased {
      approvals = List.copyOf(approvals);
    }

    /** 2: has {@code approvals}. */
    @Override
    public int schema() {
      return 2;
    }

    @Override
    public Optional<RepositoryName> place() {
      return repository;
    }
  }

  /**
   * From here on a store that was another log's, or that is ahead of this one, is this log's.
   *
   * @param store its name
   * @param previousLog the identity of the log that it was marked for; absent for an unmarked one
   */
  record StoreTakenOver(String store, Optional<UUID> previousLog) implements OperatorEvent {}

  /**
   * From here on an access policy is in force: who may do what.
   *
   * @param policy the digest of its document
   */
  record AccessPolicyAdopted(Digest policy) implements OperatorEvent {
    @Override
    public List<Digest> documents() {
      return List.of(policy);
    }
  }

  /**
   * Somebody approved of what takes several persons. Who completes their number does it.
   *
   * @param subject the hold, or the moment as of which a repository is to be restored
   * @param repository the one repository; absent if there is a glob
   * @param repositories a glob of repositories; absent if there is just one
   * @param needed how many persons it takes
   */
  record ApprovalGiven(
      Approved act,
      String subject,
      Optional<RepositoryName> repository,
      Optional<String> repositories,
      int needed)
      implements OperatorEvent {
    @Override
    public Optional<RepositoryName> place() {
      return repository;
    }
  }

  /**
   * Somebody does not approve any more of what waits for others. It is about the same as when they
   * did.
   *
   * @param approval the position of the event by which they approved
   */
  record ApprovalWithdrawn(
      Approved act,
      String subject,
      Optional<RepositoryName> repository,
      Optional<String> repositories,
      long approval)
      implements OperatorEvent {
    @Override
    public Optional<RepositoryName> place() {
      return repository;
    }
  }

  /** A repository was restored that took several persons: doing so again takes as many again. */
  record ApprovalsUsed(RepositoryName repository, String subject) implements OperatorEvent {
    @Override
    public Optional<RepositoryName> place() {
      return Optional.of(repository);
    }
  }

  /**
   * Evidence was given of what the record has. In the chain of the repository that it is about, it
   * shows where that evidence ends.
   *
   * @param repository absent if it is not about one
   * @param question what was asked for, in canonical JSON
   */
  record EvidenceIssued(Optional<RepositoryName> repository, String question)
      implements OperatorEvent {
    @Override
    public Optional<RepositoryName> place() {
      return repository;
    }
  }

  /**
   * The log does not begin with what was signed of it, since what there was later is lost or has
   * changed, and an operator says that it goes on all the same.
   *
   * @param checkpoint what was signed, in the three lines of C2SP's tlog-checkpoint
   */
  record LogBreakDeclared(String checkpoint) implements OperatorEvent {}

  /**
   * Somebody was forgotten: what their events commit to is not kept any more.
   *
   * @param actor as the leaves of their events have them
   */
  record ActorForgotten(Commitment actor) implements OperatorEvent {}

  /**
   * A server has begun to serve.
   *
   * @param node the name of its machine and the port
   * @param version of the program
   * @param configuration the digest of the document that has what is in force, without secrets
   * @param previous what was in force before, if that was something else: on this node or, if it
   *     never ran before, on the one that told its own last
   * @param killed whether the server that ran on this node before did not say that it ended, so
   *     that what it had counted for a minute at most is missing
   */
  record ServerStarted(
      String node, String version, Digest configuration, Optional<Digest> previous, boolean killed)
      implements OperatorEvent {
    /** 2: has {@code previous} and {@code killed}. */
    @Override
    public int schema() {
      return 2;
    }

    @Override
    public List<Digest> documents() {
      return List.of(configuration);
    }
  }

  /** A server has stopped in good order. One that was killed says nothing. */
  record ServerStopped(String node) implements OperatorEvent {}

  /**
   * What a server reads again has changed, and is in force.
   *
   * @param configuration the digest of the document that has what is in force now
   * @param previous the digest of the one before
   */
  record ConfigurationChanged(String node, Digest configuration, Optional<Digest> previous)
      implements OperatorEvent {
    /** 2: has {@code previous}. */
    @Override
    public int schema() {
      return 2;
    }

    @Override
    public List<Digest> documents() {
      return List.of(configuration);
    }
  }

  /**
   * A server read in its file of users that one came, went or has another password.
   *
   * @param user commits to their identity, as leaves of their events do
   */
  record UserChanged(Commitment user, Change change) implements OperatorEvent {
    /** What changed. The names are part of the record: never rename one. */
    public enum Change {
      ADDED,
      REMOVED,
      PASSWORD
    }
  }

  /**
   * The event's actor signed in. Told once an hour of each way and place in which they do.
   *
   * @param way how, such as by a password
   */
  record SignedIn(String way, long count, Instant first, Instant last) implements AccessEvent {
    @Override
    public SignedIn counting(long count, Instant first, Instant last) {
      return new SignedIn(way, count, first, last);
    }
  }

  /** Somebody did not get in who claimed to be the event's actor. */
  record SignInFailed(String way, String reason, long count, Instant first, Instant last)
      implements AccessEvent {
    @Override
    public SignInFailed counting(long count, Instant first, Instant last) {
      return new SignInFailed(way, reason, count, first, last);
    }
  }

  /**
   * Something was refused to the event's actor.
   *
   * @param action the right that they lacked, or made use of in vain
   * @param asked the repository that they named, be it there or not
   */
  record AccessDenied(
      String action,
      Optional<RepositoryName> asked,
      Reason reason,
      long count,
      Instant first,
      Instant last)
      implements AccessEvent {
    /** Why it was refused. The names are part of the record: never rename one. */
    public enum Reason {
      /** They lacked the right. */
      RIGHT,
      /** A hold forbids it. */
      HELD,
      /** The tag is immutable. */
      IMMUTABLE,
      /** It takes a person, and they may be anybody. */
      PERSON,
      /** It takes another person. */
      ANOTHER_PERSON
    }

    /** 2: has {@code reason}. */
    @Override
    public int schema() {
      return 2;
    }

    @Override
    public Optional<String> repositories() {
      return asked.map(RepositoryName::value);
    }

    @Override
    public AccessDenied counting(long count, Instant first, Instant last) {
      return new AccessDenied(action, asked, reason, count, first, last);
    }
  }

  /**
   * The event's actor read the record.
   *
   * @param question what was asked
   * @param parameters of what, as they asked
   */
  record RecordRead(
      String question, Optional<String> parameters, long count, Instant first, Instant last)
      implements AccessEvent {
    @Override
    public RecordRead counting(long count, Instant first, Instant last) {
      return new RecordRead(question, parameters, count, first, last);
    }
  }

  /**
   * An operator has confirmed that a clock which looked wrong is right.
   *
   * @param clock what the database's clock read then
   */
  record ClockConfirmed(Instant clock) implements OperatorEvent {}

  /** A program got an account. */
  record RobotCreated(RobotName robot, Optional<String> description) implements RobotEvent {}

  /**
   * A robot can sign in by one more key.
   *
   * @param keyId tells the key from others; it is a part of the key that is no secret
   * @param hash of the whole key, which nobody can guess from that
   * @param expires from then on it does not count
   */
  record RobotKeyIssued(RobotName robot, String keyId, Digest hash, Instant expires)
      implements RobotEvent {}

  /** A key of a robot does not count any more. */
  record RobotKeyRevoked(RobotName robot, String keyId) implements RobotEvent {}

  /** A robot's account ended, and with it all its keys. */
  record RobotRemoved(RobotName robot) implements RobotEvent {}

  /**
   * The event's actor began a session, by an issuer that vouched for them.
   *
   * @param hash of its token, which nobody can guess from that
   * @param groups in which the issuer said that they are, of those that the access policy named
   * @param expires from then on it does not count
   */
  record SessionBegan(String session, Digest hash, List<String> groups, Instant expires)
      implements SessionEvent {
    public SessionBegan {
      groups = List.copyOf(groups);
    }
  }

  /**
   * A session ended before it expired.
   *
   * @param user whose it was: commits to their identity, as leaves of their events do
   */
  record SessionEnded(String session, Commitment user) implements SessionEvent {}
}
