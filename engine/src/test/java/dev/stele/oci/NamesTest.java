package dev.stele.oci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NamesTest {
  @ParameterizedTest
  @ValueSource(strings = {"a", "a/b", "a.b_c__d-e--f/0", "library/nginx"})
  void repositoryNamesOfTheGrammarAreAccepted(String name) {
    assertThat(RepositoryName.parse(name)).hasToString(name);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "A", "a//b", "/a", "a/", "a..b", "a___b", "-a", "a-", "a b", "a/../b", "ä", "a\0b",
        "a\n"
      })
  void otherRepositoryNamesAreRefusedWithAReason(String name) {
    assertThatThrownBy(() -> RepositoryName.parse(name))
        .isInstanceOf(InvalidNameException.class)
        .hasMessageContaining("is not a repository name");
  }

  @Test
  void aRepositoryNameHasAtMost255Characters() {
    assertThat(RepositoryName.parse("a".repeat(255)).value()).hasSize(255);
    assertThatThrownBy(() -> RepositoryName.parse("a".repeat(256))).hasMessageContaining("255");
  }

  @Test
  void aHostileRepositoryNameIsRefusedInLinearTime() {
    assertThatThrownBy(() -> RepositoryName.parse("a-".repeat(127)))
        .isInstanceOf(InvalidNameException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"latest", "_x", "1.2.3-rc.1", "A"})
  void tagsOfTheGrammarAreAccepted(String tag) {
    assertThat(Reference.parse(tag)).isEqualTo(Tag.parse(tag));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ".a", "-a", "a/b", "a b", "ä", "a\n"})
  void otherTagsAreRefused(String tag) {
    assertThatThrownBy(() -> Tag.parse(tag)).hasMessageContaining("is not a tag");
  }

  @Test
  void digestsOfBothAlgorithmsAreReadAndWritten() {
    for (Digest.Algorithm algorithm : Digest.Algorithm.values()) {
      Digest digest = Digest.of(algorithm, new byte[0]);
      assertThat(Digest.parse(digest.toString())).isEqualTo(digest);
      assertThat(Reference.parse(digest.toString())).isEqualTo(new Reference.ByDigest(digest));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"sha256", "sha256:", "sha256:ABC", "md5:00", ":", "sha256:zz", "sha512:00"})
  void otherDigestsAreRefused(String digest) {
    assertThatThrownBy(() -> Digest.parse(digest)).isInstanceOf(InvalidNameException.class);
  }

  @Test
  void namesRouteByTheirFirstSegment() {
    assertThat(RepositoryName.parse("a/b/c").routePrefix()).isEqualTo("a");
    assertThat(RepositoryName.parse("a").routePrefix()).isEmpty();
  }
}
