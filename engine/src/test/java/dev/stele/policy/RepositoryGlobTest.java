package dev.stele.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.stele.oci.RepositoryName;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.api.Test;

class RepositoryGlobTest {
  private static final int CASES = 4_000;
  private static final String[] PARTS = {
    "a", "b", "/", "a/b", "-", "*", "**", "***", "?", "[ab]", "[!a]", "[a-c]", "[!a-b.]", "[a^]",
    "[-a]", "[!-a]", "[a-]", "[&&a]", "{", "}", ",", "{a,b*}", "{,a/}", "\\a", "\\*", ".", "+", "(",
    "^", "[", "]"
  };

  /** The same as the globs of the JDK mean, which may take for ever over long names. */
  @Test
  void meansWhatGlobsMean() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    int matched = 0;
    int refused = 0;
    for (int i = 0; i < CASES; i++) {
      StringBuilder glob = new StringBuilder();
      for (int parts = 1 + random.nextInt(6); parts > 0; parts--) {
        glob.append(PARTS[random.nextInt(PARTS.length)]);
      }
      Optional<PathMatcher> theirs = theirs(glob.toString());
      Optional<RepositoryGlob> ours = ours(glob.toString());
      // The JDK refuses some hyphens that are clear enough, and takes a ^ after a [ for itself.
      if (glob.indexOf("[^") >= 0) {
        continue;
      }
      assertThat(ours.isPresent() || theirs.isEmpty())
          .as("seed %d: is %s a glob?", seed, glob)
          .isTrue();
      refused += ours.isEmpty() ? 1 : 0;
      for (int names = 0; names < 20 && theirs.isPresent(); names++) {
        RepositoryName name = name(random);
        boolean matches = theirs.get().matches(Path.of(name.value()));
        assertThat(ours.get().matches(name))
            .as("seed %d: %s of %s", seed, glob, name)
            .isEqualTo(matches);
        matched += matches ? 1 : 0;
      }
    }
    assertThat(matched).as("the cases say something").isGreaterThan(CASES / 20);
    assertThat(refused).isGreaterThan(CASES / 20);
  }

  private static RepositoryName name(Random random) {
    String letters = "aaabbc9";
    StringBuilder name = new StringBuilder();
    for (int parts = random.nextInt(4); parts >= 0; parts--) {
      name.append(letters.charAt(random.nextInt(letters.length())));
      if (parts > 0) {
        name.append(List.of("", "", "/", "-", ".").get(random.nextInt(5)));
      }
    }
    return RepositoryName.parse(name.toString());
  }

  private static Optional<PathMatcher> theirs(String glob) {
    try {
      return Optional.of(FileSystems.getDefault().getPathMatcher("glob:" + glob));
    } catch (PatternSyntaxException e) {
      return Optional.empty();
    }
  }

  private static Optional<RepositoryGlob> ours(String glob) {
    try {
      return Optional.of(RepositoryGlob.parse(glob));
    } catch (IllegalArgumentException e) {
      assertThat(e).hasMessageContaining("glob");
      return Optional.empty();
    }
  }

  /**
   * Not how long it takes: with backtracking, each of these takes longer than the universe is old.
   */
  @Test
  void anyGlobOfAnyNameComesToAnEnd() {
    String longest = "a".repeat(RepositoryName.MAX_LENGTH);
    String slashes = "a/".repeat(127) + "a";
    for (String unit :
        List.of("**a", "*a", "*", "?*", "{a,aa}", "{*a,a*}", "{**,*}a", "*a*/", "{*,**}")) {
      String glob = unit.repeat((RepositoryGlob.LONGEST - 1) / unit.length()) + "b";
      RepositoryGlob parsed = RepositoryGlob.parse(glob);
      for (String name : List.of(longest, slashes)) {
        assertTimeoutPreemptively(
            Duration.ofSeconds(20),
            () -> assertThat(parsed.matches(RepositoryName.parse(name))).isFalse(),
            glob);
      }
    }
  }

  @Test
  void whatIsNoGlobIsRefusedWithTheReason() {
    for (String glob : List.of("", "a".repeat(256), "a b", "a\u0000", "t\u00e9am/**")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> RepositoryGlob.parse(glob))
          .withMessageContaining("**");
    }
    for (String glob : List.of("[", "[a", "{a", "{a,{b}}", "a\\", "[]", "[b-a]", "[a/b]", "[^a]")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> RepositoryGlob.parse(glob))
          .withMessageContaining("is not a glob")
          .withMessageContaining(glob);
    }
  }

  @Test
  void anExpressionThatGrowsWhenItIsCompiledIsRefusedBefore() {
    for (String text :
        List.of(
            "((x{1000}){1000})",
            "((((a{9}){9}){9}){9}){9}",
            "(?:[)]{50}[]{1}]{50}){50}",
            "([[:alpha:])]{100}){100}",
            "x{1000}".repeat(3),
            "a".repeat(1001))) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> TagPattern.parse(text))
          .withMessageContaining("too large");
    }
    for (String text :
        List.of(
            "^v[0-9]+\\.[0-9]+$",
            "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}-[0-9a-f]{40}$",
            "^.{1,128}$",
            "^(?:(?:[a-z]{3,9}-){1,4}|\\({2})[0-9]{1,20}$")) {
      assertThat(TagPattern.parse(text).toString()).isEqualTo(text);
    }
  }
}
