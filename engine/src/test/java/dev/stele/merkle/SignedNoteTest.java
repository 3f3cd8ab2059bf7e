package dev.stele.merkle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SignedNoteTest {
  private static final String NAME = "registry.example.com/log";
  private static final Instant AT = Instant.parse("2026-11-24T20:45:58Z");
  private static final Checkpoint CHECKPOINT =
      new Checkpoint(NAME, 20_852_163, Hash.leaf(new byte[] {7}));

  private static SignedNote signed(SigningKey... keys) {
    SignedNote note = new SignedNote(CHECKPOINT.body(), List.of());
    for (SigningKey key : keys) {
      note = note.with(key.sign(CHECKPOINT, AT));
    }
    return note;
  }

  @ParameterizedTest
  @EnumSource(KeyType.class)
  void whatAKeySignedIsVerifiedAndNothingElse(KeyType type) {
    SigningKey key = SigningKey.generate(NAME, type);
    SigningKey other = SigningKey.generate(NAME, type);
    SignedNote note = signed(key, other);
    assertThat(SignedNote.parse(note.toString())).isEqualTo(note);
    assertThat(Checkpoint.parse(note.text())).isEqualTo(CHECKPOINT);

    NoteKey verifier = NoteKey.parse(key.verifier().toString());
    assertThat(verifier).isEqualTo(key.verifier());
    SignedNote.Line line = verifier.in(note).orElseThrow();
    assertThat(verifier.verifies(CHECKPOINT, line)).isTrue();
    assertThat(other.verifier().verifies(CHECKPOINT, line)).isFalse();
    for (Checkpoint changed :
        List.of(
            new Checkpoint(NAME, CHECKPOINT.size() + 1, CHECKPOINT.root()),
            new Checkpoint(NAME, CHECKPOINT.size(), Hash.EMPTY),
            new Checkpoint(NAME + "2", CHECKPOINT.size(), CHECKPOINT.root()))) {
      assertThat(verifier.verifies(changed, line)).isFalse();
    }
    byte[] signature = line.signature();
    for (int i = 0; i < signature.length; i += 37) {
      byte[] tampered = signature.clone();
      tampered[i] ^= 1;
      assertThat(verifier.verifies(CHECKPOINT, new SignedNote.Line(NAME, line.id(), tampered)))
          .as("byte %d", i)
          .isFalse();
    }
    assertThat(verifier.verifies(CHECKPOINT, new SignedNote.Line(NAME, line.id(), new byte[3])))
        .isFalse();
  }

  @Test
  void keysAreReadAsTheyWereWritten() {
    List<SigningKey> keys =
        Stream.of(KeyType.ED25519, KeyType.ML_DSA_44)
            .map(type -> SigningKey.generate(NAME, type))
            .toList();
    String pem = keys.getFirst().pem() + keys.getLast().pem();
    assertThat(SigningKey.parse(NAME, pem))
        .extracting(SigningKey::verifier)
        .containsExactlyElementsOf(keys.stream().map(SigningKey::verifier).toList());
    String first = keys.getFirst().pem();
    String half = first.substring(0, first.indexOf("-----BEGIN PRIVATE"));
    String mixed = half + SigningKey.generate(NAME, KeyType.ED25519).pem().substring(half.length());
    for (String wrong : List.of("", half, first.substring(half.length()), mixed, "nonsense")) {
      assertThatThrownBy(() -> SigningKey.parse(NAME, wrong))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void whatIsNoNoteOrCheckpointOrKeyIsRefused() {
    for (String wrong :
        List.of(
            "",
            "text",
            "text\n\n\u2014 name",
            "text\n\n\u2014 name AAAA\n",
            "text\n\n\u2014 na me AAAAAAA=\n",
            "text\n\n- name AAAAAAA=\n",
            "text\n\n" + "\u2014 name AAAAAAA=\n".repeat(100))) {
      assertThatThrownBy(() -> SignedNote.parse(wrong))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class);
    }
    String root = Hash.EMPTY.toString();
    for (String wrong :
        List.of(
            "",
            NAME + "\n1\n",
            NAME + "\n01\n" + root + "\n",
            NAME + "\n-1\n" + root + "\n",
            NAME + "\n1\n" + root,
            NAME + "\n1\n" + root + "\nmore\n",
            "a b\n1\n" + root + "\n",
            NAME + "\n1\n" + root.substring(4) + "\n")) {
      assertThatThrownBy(() -> Checkpoint.parse(wrong))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class);
    }
    String key = SigningKey.generate(NAME, KeyType.ED25519).verifier().toString();
    for (String wrong :
        List.of("", "a+b", key.substring(1), key.substring(0, key.length() - 4), key + "AAAA")) {
      assertThatThrownBy(() -> NoteKey.parse(wrong))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class);
    }
    for (String wrong : List.of("", "a b", "a+b", "a\n", "a".repeat(256))) {
      assertThatThrownBy(() -> SigningKey.generate(wrong, KeyType.ED25519))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
