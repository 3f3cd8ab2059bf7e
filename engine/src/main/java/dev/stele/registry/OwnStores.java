package dev.stele.registry;

import dev.stele.blob.BlobStores;
import dev.stele.claim.Standing;
import dev.stele.claim.StoreClaims;
import dev.stele.claim.StoreMarker;
import dev.stele.claim.StoreRefusedException;
import dev.stele.log.AppendLane;
import dev.stele.log.LogIdentity;
import dev.stele.projection.ProgressListener;
import dev.stele.verify.Finding;
import dev.stele.verify.Scrub;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.jdbi.v3.core.Jdbi;

/** The stores of a registry: whose they are, and whether what they keep is whole. Thread-safe. */
public final class OwnStores {
  private final Jdbi audit;
  private final BlobStores stores;
  private final StoreClaims claims;
  private final AppendLane lane;
  private final Actors actors;
  private final Commands commands;
  private final boolean sparseManifests;

  OwnStores(
      Jdbi audit,
      BlobStores stores,
      StoreClaims claims,
      AppendLane lane,
      Actors actors,
      Commands commands,
      boolean sparseManifests) {
    this.audit = audit;
    this.stores = stores;
    this.claims = claims;
    this.lane = lane;
    this.actors = actors;
    this.commands = commands;
    this.sparseManifests = sparseManifests;
  }

  /**
   * Returns if every store belongs to this log; one that is empty and unmarked does from then on.
   * Nothing is appended, stored or collected otherwise. Asked once before the first of these, and
   * again whenever something shows that a store is another's by now; ask it before that to be told
   * early.
   *
   * @throws StoreRefusedException if a store is another registry's, has content and no marker, or
   *     knows of events that the log does not have; the message says what to do
   * @throws IOException if a store cannot be used
   */
  public void claim() throws IOException {
    Availability.<IOException>run(claims::require);
  }

  /** The stores by name, with how each stands to this log. Changes nothing. */
  public Map<String, Standing> standings() throws IOException {
    Map<String, Standing> standings = new LinkedHashMap<>();
    for (BlobStores.Named store : stores.all()) {
      standings.put(store.name(), Availability.guard(() -> claims.standing(store)));
    }
    return standings;
  }

  /**
   * Makes a store this log's, whoever it belonged to, and begins a new {@linkplain LogIdentity
   * epoch}. To be called when nobody else uses the store. What the log does not know in it is
   * collected after a whole grace period.
   *
   * @return how it stood before; empty if there is no store of that name
   * @throws IOException if the store cannot be used or somebody else marks it meanwhile; then the
   *     event may be there, and it is to be done again
   */
  public Optional<Standing> takeOver(Caller caller, String name) throws IOException {
    Optional<BlobStores.Named> store = claims.find(name);
    if (store.isEmpty()) {
      return Optional.empty();
    }
    Standing before = Availability.guard(() -> claims.standing(store.get()));
    Optional<String> marker =
        switch (before) {
          case Standing.Owned owned -> Optional.of(owned.text());
          case Standing.Fresh() -> Optional.empty();
          case Standing.Refused refused -> refused.text();
        };
    Optional<UUID> log =
        switch (before) {
          case Standing.Owned owned -> owned.marker().log();
          case Standing.Fresh() -> Optional.empty();
          case Standing.Refused refused -> refused.marker().flatMap(StoreMarker::log);
        };
    Availability.guard(() -> lane.submit(new TakeStoreOver(actors.initiator(caller), name, log)));
    if (!Availability.guard(() -> claims.takeOver(store.get(), marker))) {
      throw new IOException(
          "store " + name + " was marked by somebody else meanwhile; look at it again");
    }
    return Optional.of(before);
  }

  /**
   * Reads everything that is stored again and re-hashes it; see {@link Scrub}. A damaged object
   * counts as absent from then on, so that pushing its content again repairs it. May take very
   * long; interrupt the thread to stop it.
   *
   * @param bytesPerSecond how fast stored objects are read at most
   * @param findings is told of each finding as it is made
   * @param progress is told how far it is
   * @throws IOException if the thread was interrupted; a store that cannot be used is a finding
   */
  public Scrub.Summary scrub(
      Caller caller, long bytesPerSecond, Consumer<Finding> findings, ProgressListener progress)
      throws IOException {
    return new Scrub(audit, stores, sparseManifests, commands::append)
        .run(actors.initiator(caller), bytesPerSecond, findings, progress);
  }
}
