package dev.stele.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.oci.Digest;
import dev.stele.oci.Tag;
import dev.stele.projection.RecordDocuments;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DecisionDocumentTest {
  private static final Digest DIGEST = EvaluationTest.digest("x");

  private static TagDecision decision(int number, Verdict verdict) {
    return new TagDecision(
        Tag.parse("build-%06d".formatted(number)), DIGEST, number, Optional.empty(), verdict);
  }

  private static List<TagDecision> decisions(int count) {
    return IntStream.range(0, count)
        .mapToObj(number -> decision(number, new Verdict.Kept(0, Verdict.Rule.PUSHED_WITHIN)))
        .toList();
  }

  private static Digest write(List<TagDecision> decisions, Map<Digest, byte[]> into) {
    DecisionDocument document = new DecisionDocument(part -> into.put(part.digest(), part.bytes()));
    decisions.forEach(document::add);
    return document.finish();
  }

  private static List<TagDecision> read(Digest digest, Map<Digest, byte[]> from) {
    return DecisionDocument.pages(from.get(digest)).stream()
        .flatMap(page -> DecisionDocument.decisions(from.get(page)).stream())
        .toList();
  }

  @Test
  void whatIsWrittenIsReadBack() {
    List<TagDecision> every = new ArrayList<>();
    int number = 0;
    for (Verdict.Rule rule : Verdict.Rule.values()) {
      every.add(decision(number++, new Verdict.Kept(2, rule)));
    }
    every.add(decision(number++, new Verdict.Unruled()));
    every.add(decision(number++, new Verdict.Unclaimed()));
    every.add(new TagDecision(Tag.parse("z"), DIGEST, 7, Optional.of(9L), new Verdict.Expired(1)));
    Map<Digest, byte[]> documents = new LinkedHashMap<>();
    assertThat(read(write(every, documents), documents)).isEqualTo(every);
    Map<Digest, byte[]> none = new LinkedHashMap<>();
    assertThat(read(write(List.of(), none), none)).isEmpty();
  }

  /** These bytes are in people's logs: decisions that are made again must have the same digest. */
  @Test
  void theBytesOfADocumentAreFixed() {
    Map<Digest, byte[]> documents = new LinkedHashMap<>();
    write(
        List.of(
            decision(1, new Verdict.Kept(0, Verdict.Rule.PATTERNS)),
            new TagDecision(Tag.parse("old"), DIGEST, 2, Optional.of(3L), new Verdict.Expired(1))),
        documents);
    assertThat(documents.values().stream().map(bytes -> new String(bytes, StandardCharsets.UTF_8)))
        .containsExactly(
            """
            {"decisions":[{"digest":"%1$s","entry":0,"put":"1","rule":"patterns",\
            "tag":"build-000001","verdict":"kept"},\
            {"digest":"%1$s","entry":1,"pulled":"3","put":"2","tag":"old","verdict":"expired"}]}\
            """
                .formatted(DIGEST),
            "{\"pages\":[\"%s\"]}".formatted(documents.keySet().iterator().next()));
  }

  @Test
  void anotherEvaluationSharesAllPagesButThoseWhereSomethingChanged() {
    List<TagDecision> before = decisions(20_000);
    List<TagDecision> after = new ArrayList<>(before);
    after.remove(5_000);
    after.set(9_000, decision(9_001, new Verdict.Expired(0)));
    after.add(decision(20_000, new Verdict.Kept(0, Verdict.Rule.PUSHED_WITHIN)));
    Map<Digest, byte[]> documents = new LinkedHashMap<>();
    Digest first = write(before, documents);
    int pages = DecisionDocument.pages(documents.get(first)).size();
    int kept = documents.size();
    assertThat(pages).isBetween(20_000 / DecisionDocument.MEAN_PAGE / 2, 160);
    Digest second = write(after, documents);
    assertThat(documents).hasSizeLessThanOrEqualTo(kept + 5);
    assertThat(read(first, documents)).isEqualTo(before);
    assertThat(read(second, documents)).isEqualTo(after);
  }

  @Test
  void noPageIsLarge() {
    List<RecordDocuments.Document> parts = new ArrayList<>();
    DecisionDocument document = new DecisionDocument(parts::add);
    for (int i = 0; i < 3 * DecisionDocument.LARGEST_PAGE; i++) {
      document.add(decision(1, new Verdict.Unclaimed())); // a name that never ends a page
    }
    document.finish();
    assertThat(parts).hasSize(4);
  }
}
