package dev.stele.merkle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** A policy means what C2SP's tlog-policy says. */
class TrustPolicyTest {
  private static final Checkpoint CHECKPOINT = new Checkpoint("log.example.com", 0, Hash.EMPTY);
  private static final SigningKey LOG = SigningKey.generate("log.example.com", KeyType.ED25519);
  private static final SigningKey QUANTUM =
      SigningKey.generate("log.example.com", KeyType.ML_DSA_44);
  private static final List<SigningKey> WITNESSES =
      IntStream.range(0, 6)
          .mapToObj(
              i ->
                  SigningKey.generate(
                      "w" + i + ".example.com",
                      i % 2 == 0 ? KeyType.ED25519_COSIGNATURE : KeyType.ML_DSA_44))
          .toList();

  private static String vkey(int witness) {
    return WITNESSES.get(witness).verifier().toString();
  }

  /** The example of the specification. */
  private static String example() {
    return """
    # a comment
    log %s

    witness X1 %s https://x1.example.com/w
    witness X2 %s
    \twitness  X3\t%s\s
    group X-witnesses 2 X1 X2 X3
      # another
    witness Y1 %s
    witness Y2 %s
    witness Y3 %s
    group Y-witnesses any Y1 Y2 Y3

    group X-and-Y all X-witnesses Y-witnesses
    quorum X-and-Y
    """
        .formatted(LOG.verifier(), vkey(0), vkey(1), vkey(2), vkey(3), vkey(4), vkey(5));
  }

  private static SignedNote note(int... cosigners) {
    return note(List.of(LOG), cosigners);
  }

  private static SignedNote note(List<SigningKey> signers, int... cosigners) {
    List<SigningKey> all = new ArrayList<>(signers);
    Arrays.stream(cosigners).mapToObj(WITNESSES::get).forEach(all::add);
    SignedNote note = new SignedNote(CHECKPOINT.body(), List.of());
    for (SigningKey key : all) {
      note = note.with(key.sign(CHECKPOINT, Instant.parse("2026-12-01T00:00:00Z")));
    }
    return note;
  }

  @Test
  void theExampleOfTheSpecificationMeansWhatItSays() {
    TrustPolicy policy = TrustPolicy.parse(example());
    assertThat(policy.accepts(note(0, 1, 3))).isTrue();
    assertThat(policy.accepts(note(0, 2, 5))).isTrue();
    assertThat(policy.accepts(note(0, 1, 2, 3, 4, 5))).isTrue();
    assertThat(policy.accepts(note(0, 1, 2))).as("none of Y").isFalse();
    assertThat(policy.accepts(note(0, 3, 4, 5))).as("one of X").isFalse();
    assertThat(policy.accepts(note())).isFalse();
    assertThat(policy.accepts(note(List.of(), 0, 1, 3))).as("not signed by the log").isFalse();
    assertThat(policy.accepts(note(List.of(QUANTUM), 0, 1, 3))).as("by another key").isFalse();
    assertThat(policy.isWitnessed(CHECKPOINT, note(List.of(), 0, 1, 3))).isTrue();
    assertThat(policy.witnesses().getFirst().url()).contains("https://x1.example.com/w");
  }

  @Test
  void whatIsPrintedIsReadAsTheSame() {
    TrustPolicy policy = TrustPolicy.parse(example());
    assertThat(TrustPolicy.parse(policy.toString())).isEqualTo(policy);
    assertThat(policy.toString())
        .startsWith("log " + LOG.verifier() + "\nwitness X1 " + vkey(0) + " https://x1.example")
        .contains("\ngroup X-witnesses 2 X1 X2 X3\ngroup Y-witnesses 1 Y1 Y2 Y3\n")
        .endsWith("\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n");
    assertThat(TrustPolicy.NONE.of(List.of(LOG.verifier(), QUANTUM.verifier())))
        .hasToString("log %s\nlog %s\nquorum none\n".formatted(LOG.verifier(), QUANTUM.verifier()));
  }

  @Test
  void withoutQuorumNobodyMustCosign() {
    TrustPolicy policy = TrustPolicy.parse("quorum none\n").of(List.of(LOG.verifier()));
    assertThat(policy.accepts(note())).isTrue();
    assertThat(policy.accepts(note(List.of(QUANTUM)))).isFalse();
  }

  @Test
  void aCosignatureWithoutTimeOrOfSomethingElseDoesNotCount() {
    TrustPolicy policy = TrustPolicy.parse("witness w %s\nquorum w".formatted(vkey(1)));
    SigningKey witness = WITNESSES.get(1);
    SignedNote none = new SignedNote(CHECKPOINT.body(), List.of());
    assertThat(policy.isWitnessed(CHECKPOINT, none.with(witness.sign(CHECKPOINT, Instant.EPOCH))))
        .isFalse();
    Checkpoint other = new Checkpoint("log.example.com", 1, Hash.EMPTY);
    assertThat(policy.isWitnessed(CHECKPOINT, none.with(witness.sign(other, Instant.now()))))
        .isFalse();
    assertThat(policy.isWitnessed(CHECKPOINT, none.with(witness.sign(CHECKPOINT, Instant.now()))))
        .isTrue();
  }

  @Test
  void aLogIsKnownByItsNameToo() {
    SigningKey other = SigningKey.generate("other.example.com", KeyType.ED25519);
    TrustPolicy policy = TrustPolicy.NONE.of(List.of(other.verifier()));
    SignedNote note =
        new SignedNote(CHECKPOINT.body(), List.of(other.sign(CHECKPOINT, Instant.now())));
    assertThat(policy.accepts(note)).as("its key, under another's name").isFalse();
  }

  @Test
  void whatIsWrongIsToldWithItsLine() {
    String w = "witness w " + vkey(0) + "\n";
    assertWrong("", "has no line that says who must cosign");
    assertWrong(w + "quorum v", "line 2: no witness or group v is defined before it is named");
    assertWrong("group g any w\n" + w + "quorum g", "line 1: no witness or group w");
    assertWrong(w + "quorum w\nquorum w", "line 3: is a second line with a quorum");
    assertWrong(w + w + "quorum w", "line 2: the key of w0.example.com+");
    assertWrong(w + "witness w " + vkey(1) + "\nquorum w", "line 2: two witnesses or groups");
    assertWrong("witness none " + vkey(0), "line 1: \"none\" cannot be the name");
    assertWrong(w + "group g any none\nquorum g", "line 2: no witness or group none");
    assertWrong(w + "group g all w w\nquorum g", "line 2: w is a member more than once");
    assertWrong(
        w + "group g any w\ngroup h any w\nquorum h", "line 3: w is a member more than once");
    assertWrong(w + "group g 2 w\nquorum g", "line 2: the group g has 1 members, of which not 2");
    assertWrong(w + "group g 0 w\nquorum g", "line 2: is not of the form group");
    assertWrong(w + "group g 01 w\nquorum g", "line 2: is not of the form group");
    assertWrong("witnesses w\nquorum none", "line 1: begins with none of");
    assertWrong("witness w\nquorum none", "line 1: is not of the form witness NAME VKEY");
    assertWrong("quorum none\r\n", "line 1 has a control character");
    assertWrong("log " + vkey(0) + "\nquorum none", "line 1: the key w0.example.com+");
    assertWrong("witness w " + LOG.verifier() + "\nquorum w", "of a witness is of type ED25519");
    assertWrong("witness w a+b+c\nquorum w", "line 1: a verifier key is NAME+ID+KEY");
    // The same key under another name would count twice.
    NoteKey key = WITNESSES.getFirst().verifier();
    assertThat(key.signedAt(WITNESSES.getFirst().sign(CHECKPOINT, Instant.ofEpochSecond(7))))
        .contains(Instant.ofEpochSecond(7));
  }

  private static void assertWrong(String policy, String why) {
    assertThatThrownBy(() -> TrustPolicy.parse(policy))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }

  @Test
  void asManyAreReadAsTheSpecificationAsksFor() {
    StringBuilder text = new StringBuilder();
    StringBuilder members = new StringBuilder();
    for (int i = 0; i < 32; i++) {
      text.append("log ")
          .append(SigningKey.generate("log" + i, KeyType.ED25519).verifier())
          .append("\nwitness w")
          .append(i)
          .append(' ')
          .append(SigningKey.generate("w" + i, KeyType.ED25519_COSIGNATURE).verifier())
          .append("\ngroup g")
          .append(i)
          .append(" any w")
          .append(i)
          .append('\n');
      members.append(" g").append(i);
    }
    TrustPolicy policy = TrustPolicy.parse(text + "group all 32" + members + "\nquorum all\n");
    assertThat(policy.groups()).hasSize(33);
    assertThat(TrustPolicy.parse(policy.toString())).isEqualTo(policy);
  }
}
