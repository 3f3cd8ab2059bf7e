package dev.stele.server.distribution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import dev.stele.registry.Refusal;
import dev.stele.server.http.RawPath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PastPathTest {
  private static RawPath tags(String moment) {
    return RawPath.parse("/v2/at/" + moment + "/team/app/tags/list");
  }

  private static void works(String moment) {
    assertThat(PastPath.parse(tags(moment))).as(moment).isPresent();
  }

  @ParameterizedTest
  @CsvSource({
    "2026-11-29Z, 20261129t000000z",
    "2026-11-29T10:20, 20261129t102000z",
    "2026-11-29T10:20:30Z, 20261129t102030z",
    "20261129T102030Z, 20261129t102030z"
  })
  void aTimeInAnotherFormIsToldAsItIsToBeWritten(String written, String right) {
    assertThatExceptionOfType(InvalidNameException.class)
        .isThrownBy(() -> PastPath.parse(tags(written)))
        .withMessageContaining("at/\"" + written + "\"/ is neither a moment of the past nor ")
        .withMessageContaining("if a moment is meant, write at/" + right + "/");
    works(right);
  }

  @ParameterizedTest
  @ValueSource(strings = {"P12", "2026-11-29T10:20:30+01:00", "2026-13-40Z", "Yesterday"})
  void whatIsNoMomentIsToldHowMomentsAreWritten(String written) {
    assertThatExceptionOfType(InvalidNameException.class)
        .isThrownBy(() -> PastPath.parse(tags(written)))
        .withMessageContaining("such as at/p12345/, or a time in UTC such as at/20260303t140500z/");
    works("p12345");
    works("20260303t140500z");
  }

  /** It may be the name of a repository, so only its absence tells. */
  @ParameterizedTest
  @CsvSource({
    "2026-11-29, write at/20261129t000000z/",
    "20261129, write at/20261129t000000z/",
    "20261129t1020, write at/20261129t102000z/",
    "20261129t102030, write at/20261129t102030z/",
    "20261340, such as at/p12345/",
    "yesterday, such as at/p12345/"
  })
  void aNameThatLooksLikeThePastIsToldWhenThereIsNoSuchRepository(String written, String right) {
    assertThat(PastPath.parse(tags(written))).isEmpty();
    RepositoryName name = RepositoryName.parse("at/" + written + "/team/app");
    assertThat(Refusals.toError(new Refusal.UnknownRepository(name)).message())
        .startsWith("there is no repository " + name + "; if a moment of the past is meant, ")
        .contains(right);
  }

  @Test
  void ofOtherNamesNothingIsAdded() {
    for (String name : new String[] {"team/app", "at/p12", "team/at/p12/app"}) {
      assertThat(Refusals.toError(new Refusal.UnknownRepository(RepositoryName.parse(name))))
          .extracting(error -> error.message())
          .isEqualTo("there is no repository " + name);
    }
  }
}
