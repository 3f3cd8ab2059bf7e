package dev.stele.retention;

import dev.stele.policy.RetentionPolicy;
import dev.stele.projection.Hold;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Tags that follow the image that they are named after, such as its signatures: they stay while it
 * does, and go with it. An image stays if a tag of it does, or one that keeps it (an index that
 * lists it, its subject), or if the rules keep it without a tag, or a hold. A tag whose image the
 * repository does not have, or that points to it, is like any other. Memory is in proportion to the
 * tags that follow, and what keeps their images.
 */
final class FollowingTags {
  private final RetentionPolicy.Rules rules;
  private final Set<String> followed = new HashSet<>();
  private final Set<String> staying = new HashSet<>();

  /**
   * Finds which tags follow; whether they stay is told by {@link #settle}.
   *
   * @param rules that decide; without entries nothing follows
   */
  FollowingTags(RetentionPolicy.Rules rules, RepositoryFacts facts) {
    this.rules = rules;
    if (!rules.keepTags().isEmpty()) {
      facts.forEachTag(tag -> named(tag).ifPresent(followed::add));
    }
  }

  private Optional<String> named(TagFacts tag) {
    return ImageOfTag.of(tag.tag())
        .filter(image -> !image.equals(ImageOfTag.beginning(tag.digest())))
        .filter(
            _ -> rules.keepTags().stream().noneMatch(entry -> ImageOfTag.meant(entry, tag.tag())));
  }

  /** The image that a tag follows, by the beginning of its digest. */
  Optional<String> image(TagFacts tag) {
    return followed.isEmpty() ? Optional.empty() : named(tag).filter(followed::contains);
  }

  /** Whether an image stays that tags follow. */
  boolean stays(String image) {
    return staying.contains(image);
  }

  /** Drops those whose image is not there; the others are not to be judged by rules. */
  Map<String, RepositoryFacts.Image> present(RepositoryFacts facts) {
    Map<String, RepositoryFacts.Image> images = new HashMap<>();
    Set<String> wanted = Set.copyOf(followed);
    while (!wanted.isEmpty()) {
      Map<String, RepositoryFacts.Image> found = facts.images(wanted);
      images.putAll(found);
      Set<String> keepers = new HashSet<>();
      found
          .values()
          .forEach(
              image -> image.keepers().forEach(each -> keepers.add(ImageOfTag.beginning(each))));
      keepers.removeAll(images.keySet());
      wanted = keepers;
    }
    followed.retainAll(images.keySet());
    return images;
  }

  /**
   * Decides which images stay.
   *
   * @param kept whether a tag stays by the rules or a hold; asked of those that follow too, where
   *     only holds count
   */
  void settle(
      RepositoryFacts facts,
      Map<String, RepositoryFacts.Image> images,
      List<Hold> holds,
      Predicate<TagFacts> kept) {
    if (followed.isEmpty()) {
      return;
    }
    Map<String, List<String>> keeps = new HashMap<>();
    Deque<String> next = new ArrayDeque<>();
    images.forEach(
        (name, image) -> {
          image
              .keepers()
              .forEach(
                  keeper ->
                      keeps
                          .computeIfAbsent(ImageOfTag.beginning(keeper), _ -> new ArrayList<>())
                          .add(name));
          if (rules.keepsUntagged(image.referrer())
              || holds.stream().anyMatch(hold -> held(hold, name))) {
            next.add(name);
          }
        });
    facts.forEachTag(
        tag -> {
          String target = ImageOfTag.beginning(tag.digest());
          image(tag)
              .ifPresent(name -> keeps.computeIfAbsent(name, _ -> new ArrayList<>()).add(target));
          if (images.containsKey(target) && kept.test(tag)) {
            next.add(target);
          }
        });
    while (!next.isEmpty()) {
      String image = next.remove();
      if (staying.add(image)) {
        next.addAll(keeps.getOrDefault(image, List.of()));
      }
    }
  }

  private static boolean held(Hold hold, String image) {
    return hold.scope().whole()
        || hold.scope().digest().map(ImageOfTag::beginning).filter(image::equals).isPresent();
  }
}
