package dev.stele.registry;

import dev.stele.blob.BlobContent;
import dev.stele.blob.StoreUnavailableException;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.ImageIndex;
import dev.stele.oci.Reference;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.projection.ReferrerView;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The registry: everything that a client, an auditor or an embedding program can ask of it.
 *
 * <p>A write has been decided and is durable when its method returns: bytes in the blob store, the
 * event in the log, the views changed. A refusal is a result. When the database is away, methods
 * throw {@link RegistryUnavailableException}, when a store is, {@link StoreUnavailableException},
 * and nothing was acknowledged. Names {@code at/<moment>/<name>} stand for the past: creating a
 * repository of such a name throws {@link dev.stele.oci.InvalidNameException}. All methods block
 * and are safe for concurrent use.
 */
public final class Registry {
  /** How long a client may take to follow a redirect; what has begun then goes on. */
  public static final Duration REDIRECT_VALIDITY = Duration.ofMinutes(15);

  private final RegistryParts parts;

  Registry(RegistryParts parts) {
    this.parts = parts;
  }

  // ---- repositories

  /** Whether the repository exists. */
  public boolean exists(RepositoryName repository) {
    return parts.listings.exists(repository);
  }

  /** The repository, if it exists; otherwise refused. Creates nothing. */
  public Outcome<RepositoryName> validate(RepositoryName repository) {
    return parts.listings.validate(repository);
  }

  /**
   * Creates a repository with nothing in it. Pushing does so by itself.
   *
   * @return false if it existed; then nothing changed
   */
  public boolean initialise(Caller caller, RepositoryName repository) {
    ReservedNames.check(repository);
    return parts.commands.append(
        caller, new CreateRepository(parts.actors.initiator(caller), repository));
  }

  /** At most {@code limit} repositories whose names come after one, in byte order. */
  public Page<RepositoryName> repositories(Optional<String> after, int limit) {
    return parts.listings.repositories(after, limit);
  }

  /** At most {@code limit} tags of a repository that come after one, in byte order. */
  public Outcome<Page<Tag>> tags(RepositoryName repository, Optional<String> after, int limit) {
    return parts.listings.tags(repository, after, limit);
  }

  /**
   * What a repository has, as the index of an OCI image layout would say it: a descriptor for each
   * tag, named by the annotation {@value ImageIndex#REF_NAME}, and one for each manifest without a
   * tag. Memory and time are in proportion to their number; {@link #tags} pages.
   */
  public Outcome<ImageIndex> index(RepositoryName repository) {
    return parts.listings.index(repository);
  }

  /** Whoever acted, and how to forget them. */
  public People people() {
    return parts.people;
  }

  // ---- manifests and tags

  /**
   * A manifest by tag or digest, with its exact bytes. Whoever asks by digest may count on it for a
   * grace period, so that a client need not push what it was told of.
   */
  public Outcome<StoredManifest> manifest(RepositoryName repository, Reference reference) {
    return parts.manifests.find(repository, reference);
  }

  /**
   * At most {@code limit} referrers of a subject after a digest, in the order of digests; fewer if
   * they are large ({@link ReferrerView#list}). Empty for anything unknown.
   */
  public Page<Descriptor> referrers(
      RepositoryName repository,
      Digest subject,
      Optional<String> artifactType,
      Optional<Digest> after,
      int limit) {
    return parts.listings.referrers(repository, subject, artifactType, after, limit);
  }

  /**
   * Puts a manifest. What it refers to must be there unless {@linkplain
   * RegistryOptions#sparseManifests sparse manifests} are accepted; a subject may be missing. An
   * image must have the {@linkplain RegistryOptions#mandatoryAnnotations mandatory annotations}.
   *
   * @param reference a tag to move to it, or its digest
   * @param mediaType as declared by the client, without parameters
   * @param moreTags tags to move to it beside the reference
   * @param precondition of every tag that is to move; if there is none, of the manifest itself
   */
  public Outcome<PutManifest> putManifest(
      Caller caller,
      RepositoryName repository,
      Reference reference,
      String mediaType,
      byte[] bytes,
      List<Tag> moreTags,
      Precondition precondition) {
    return parts.manifests.put(
        caller, repository, reference, mediaType, bytes, moreTags, precondition);
  }

  /** As the other, whatever is there. */
  public Outcome<PutManifest> putManifest(
      Caller caller,
      RepositoryName repository,
      Reference reference,
      String mediaType,
      byte[] bytes,
      List<Tag> moreTags) {
    return putManifest(
        caller, repository, reference, mediaType, bytes, moreTags, Precondition.NONE);
  }

  /** Deletes a tag; the manifest stays. Returns what the tag pointed to. */
  public Outcome<Digest> deleteTag(
      Caller caller, RepositoryName repository, Tag tag, Precondition precondition) {
    return parts.manifests.delete(caller, repository, tag, precondition);
  }

  /** As the other, whatever it points to. */
  public Outcome<Digest> deleteTag(Caller caller, RepositoryName repository, Tag tag) {
    return deleteTag(caller, repository, tag, Precondition.NONE);
  }

  /**
   * Deletes a manifest and all tags that point to it. Refused if a present manifest lists it, or,
   * with {@linkplain RegistryOptions#collisionDetection collision detection}, if several tags do.
   */
  public Outcome<Digest> deleteManifest(
      Caller caller, RepositoryName repository, Digest digest, Precondition precondition) {
    return parts.manifests.delete(caller, repository, digest, precondition);
  }

  /** As the other, without a precondition. */
  public Outcome<Digest> deleteManifest(Caller caller, RepositoryName repository, Digest digest) {
    return deleteManifest(caller, repository, digest, Precondition.NONE);
  }

  // ---- blobs

  /**
   * The bytes of a blob, or of a manifest by its digest; the caller closes them, and may count on
   * the content for a grace period.
   */
  public Outcome<BlobContent> blob(RepositoryName repository, Digest digest) throws IOException {
    return parts.blobs.open(repository, digest);
  }

  /**
   * Where anybody can get a blob's bytes, without asking this server, for {@link
   * #REDIRECT_VALIDITY}. Whoever is told may count on the blob for a grace period. Empty if the
   * repository's store does not redirect, or has no such blob, or it is a manifest, whose media
   * type a store does not know.
   */
  public Optional<URI> blobLocation(RepositoryName repository, Digest digest) throws IOException {
    return parts.blobs.location(repository, digest);
  }

  /**
   * At most {@code limit} blobs of a repository after one, in the order of digests, without the
   * manifests. Empty for a repository that does not exist, which it does not create.
   */
  public Page<Digest> blobs(RepositoryName repository, Optional<Digest> after, int limit) {
    return parts.listings.blobs(repository, after, limit);
  }

  /**
   * What is known of a blob, or of a manifest by its digest. Whoever is told of one may count on it
   * for a grace period.
   */
  public Outcome<BlobFacts> blobFacts(RepositoryName repository, Digest digest) throws IOException {
    return parts.blobs.facts(repository, digest);
  }

  /** The size in bytes of what {@link #blobFacts} tells of. */
  public Outcome<Long> blobSize(RepositoryName repository, Digest digest) throws IOException {
    return switch (blobFacts(repository, digest)) {
      case Outcome.Ok<BlobFacts>(BlobFacts facts) -> Outcome.ok(facts.size());
      case Outcome.Refused<BlobFacts>(Refusal refusal) -> Outcome.refused(refusal);
    };
  }

  /** The uploads that arrive in pieces. */
  public UploadSessions uploads() {
    return parts.uploads;
  }

  /**
   * Uploads a whole blob at once.
   *
   * @param length how many bytes the body is declared to have, if it is
   */
  public Outcome<Digest> putBlob(
      Caller caller,
      RepositoryName repository,
      Digest expected,
      OptionalLong length,
      InputStream body)
      throws IOException {
    return parts.uploads.put(caller, repository, expected, length, body);
  }

  /**
   * Makes a blob that the store has part of a repository, without its bytes being sent.
   *
   * @param from the repository that is known to have it; absent for any
   * @return false if it cannot be mounted, so that the client must upload it
   */
  public boolean mount(
      Caller caller, RepositoryName repository, Digest digest, Optional<RepositoryName> from)
      throws IOException {
    return parts.blobs.mount(caller, repository, digest, from);
  }

  /** Removes a blob from a repository; its bytes remain until swept. */
  public Outcome<Digest> deleteBlob(
      Caller caller, RepositoryName repository, Digest digest, Precondition precondition) {
    return parts.blobs.delete(caller, repository, digest, precondition);
  }

  /** As the other, without a precondition. */
  public Outcome<Digest> deleteBlob(Caller caller, RepositoryName repository, Digest digest) {
    return deleteBlob(caller, repository, digest, Precondition.NONE);
  }

  // ---- what belongs together

  /** What nobody may remove. */
  public Holds holds() {
    return parts.holds;
  }

  /** What takes several persons. */
  public Approvals approvals() {
    return parts.approvals;
  }

  /** Sessions of people who signed in. */
  public Sessions sessions() {
    return parts.sessions;
  }

  /** The accounts of programs. */
  public Robots robots() {
    return parts.robots;
  }

  /** Where a protocol says what was pulled. */
  public PullRecorder pulls() {
    return parts.pulls;
  }

  /** What tells the log who came in, what was refused and who read the record. */
  public AccessRecorder accesses() {
    return parts.accesses;
  }

  /** What tells the log of the servers. */
  public ServerRecord server() {
    return parts.server;
  }

  /** The events on record, and those to come. */
  public EventLog log() {
    return parts.log;
  }

  /** The log as others can check it. */
  public SignedLog signedLog() {
    return parts.signedLog;
  }

  /** Answers that can be checked without this registry. */
  public Evidence evidence() {
    return parts.evidence;
  }

  /** What is kept of the past. */
  public Archive archive() {
    return parts.archive;
  }

  /** Who is told of events, and how that goes. */
  public Webhooks webhooks() {
    return parts.webhooks;
  }

  /** What removes that which nobody can reach any more, to be run now or asked about. */
  public Collecting collecting() {
    return parts.collecting;
  }

  /** The stores: whose they are, and whether what they keep is whole. */
  public OwnStores stores() {
    return parts.ownStores;
  }

  /** Whether this can do its work, and what an operator must see to. */
  public Health health() {
    return parts.health;
  }

  /** What keeps the record in order. */
  public Upkeep upkeep() {
    return parts.upkeep;
  }
}
