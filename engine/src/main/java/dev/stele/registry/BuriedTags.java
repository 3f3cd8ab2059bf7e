package dev.stele.registry;

import dev.stele.event.Cause;
import dev.stele.event.Event;
import dev.stele.event.Why;
import dev.stele.log.Command;
import dev.stele.log.LogReader;
import dev.stele.oci.RepositoryName;
import dev.stele.projection.TagView;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Jdbi;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The tags that went with a manifest and of which the record does not say so one by one yet:
 * recorded in small commands, between which others have their turn. What is left to do is in the
 * view, so it does not matter who begins and who ends it. For one thread.
 */
public final class BuriedTags {
  private static final Logger logger = LoggerFactory.getLogger(BuriedTags.class);
  private static final int AT_ONCE = 16;
  private static final int TELL_EVERY = 10_000;

  private final Jdbi jdbi;
  private final Commands commands;
  private long recorded;

  BuriedTags(Jdbi jdbi, Commands commands) {
    this.jdbi = jdbi;
    this.commands = commands;
  }

  /** Records the next few of each of some deletions; returns whether there may be more. */
  boolean step() {
    List<TagView.Tombstone> tombstones =
        Availability.read(jdbi, handle -> TagView.tombstones(handle, AT_ONCE));
    Map<Long, Why> causes =
        Availability.read(
            jdbi,
            handle ->
                LogReader.causes(
                    handle, tombstones.stream().map(TagView.Tombstone::position).toList()));
    for (TagView.Tombstone tombstone : tombstones) {
      long before = recorded;
      Optional<String> reason =
          Optional.ofNullable(causes.get(tombstone.position()))
              .flatMap(why -> why.cause().reason());
      recorded += commands.append(new DeleteTagsOfManifest(tombstone).because(reason));
      if (before / TELL_EVERY < recorded / TELL_EVERY) {
        logger.info(
            "{} tags that went with their manifests are recorded; at {} of {}",
            recorded,
            tombstone.digest(),
            tombstone.repository());
      }
    }
    return !tombstones.isEmpty();
  }

  /**
   * Records that buried tags went with their manifests, for a command that is about to move them.
   *
   * @param standing of those tags
   */
  public static void settle(
      Command.Decision decision, RepositoryName repository, TagView.Standing standing) {
    standing
        .buried()
        .forEach(
            (tag, digest) ->
                decision.append(
                    new Event.TagDeleted(repository, tag, digest),
                    Cause.digestDelete(digest.toString())));
  }
}
