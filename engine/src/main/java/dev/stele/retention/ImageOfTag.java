package dev.stele.retention;

import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import dev.stele.policy.KeepTags;
import dev.stele.policy.TagPattern;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The image that a tag belongs to by its name: {@code sha256-<hex>}, alone (the tag schema of
 * referrers) or with {@code .sig}, {@code .att} or {@code .sbom} (cosign). As such names have room
 * for 64 digits alone, an image is known by the beginning of its digest. Pure.
 */
final class ImageOfTag {
  private static final int DIGITS = 64;
  private static final Pattern FORM =
      Pattern.compile("(sha256|sha512)-([0-9a-f]{" + DIGITS + "})(?:\\.(?:sig|att|sbom))?");
  private static final List<String> WORDS = List.of("sha", "sig", "att", "sbom");

  private ImageOfTag() {}

  /** The beginning of the digest of the image that the tag is named after, if it is. */
  static Optional<String> of(Tag tag) {
    Matcher matcher = FORM.matcher(tag.value());
    return matcher.matches()
        ? Optional.of(matcher.group(1) + ":" + matcher.group(2))
        : Optional.empty();
  }

  /** How an image with that digest is known here. */
  static String beginning(Digest digest) {
    String text = digest.toString();
    return text.substring(0, Math.min(text.length(), text.indexOf(':') + 1 + DIGITS));
  }

  /**
   * Whether an entry means such tags: one of its patterns matches and has one of these words.
   * Others match by chance, or match everything.
   */
  static boolean meant(KeepTags entry, Tag tag) {
    return entry.patterns().stream()
        .filter(pattern -> WORDS.stream().anyMatch(pattern.toString()::contains))
        .anyMatch((TagPattern pattern) -> pattern.matches(tag));
  }
}
