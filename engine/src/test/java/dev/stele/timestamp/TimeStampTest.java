package dev.stele.timestamp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.tsp.TSPAlgorithms;
import org.bouncycastle.tsp.TimeStampRequestGenerator;
import org.junit.jupiter.api.Test;

/** A token shows what it shows by whom it is signed, and nothing else. */
class TimeStampTest {
  private static final byte[] DATA = "log.example.com\n".getBytes(UTF_8);

  private final TestAuthority authority;
  private final TimeStampQuery query = TimeStampQuery.about(DATA);

  TimeStampTest() throws Exception {
    authority = TestAuthority.create();
  }

  private List<X509Certificate> root() {
    return List.of(authority.root());
  }

  @Test
  void whatIsAskedIsAnswered() throws Exception {
    Instant at = Instant.now().minusSeconds(5).truncatedTo(ChronoUnit.SECONDS);
    authority.setClock(at);
    byte[] token = query.accept(authority.answer(query.bytes()), root());
    assertThat(TimeStamp.verify(token, DATA, root()))
        .isEqualTo(new TimeStamp(at, "CN=tsa.example.com"));
    assertThat(TimeStamp.verify(token, DATA, List.of(authority.own())))
        .as("its own certificate is trusted")
        .isEqualTo(new TimeStamp(at, "CN=tsa.example.com"));
  }

  @Test
  void aTokenIsOfWhatItIsOf() throws Exception {
    byte[] token = authority.token(query.bytes());
    assertRefused(token, "log.example.com".getBytes(UTF_8), root(), "not over the SHA-256");
    for (int i : new int[] {token.length - 1, token.length / 2}) {
      byte[] changed = token.clone();
      changed[i] ^= 1;
      assertThatThrownBy(() -> TimeStamp.verify(changed, DATA, root()))
          .isInstanceOf(TimeStampException.class);
    }
  }

  @Test
  void aTokenIsByWhoIsTrusted() throws Exception {
    byte[] token = authority.token(query.bytes());
    TestAuthority other = TestAuthority.create();
    assertRefused(token, DATA, List.of(other.root()), "leads to none that is trusted");
    assertRefused(token, DATA, List.of(), "leads to none that is trusted");
    assertThat(TimeStamp.verify(token, DATA, List.of(other.root(), authority.root()))).isNotNull();
  }

  @Test
  void aCertificateIsForTimeStampingAlone() throws Exception {
    for (TestAuthority wrong :
        List.of(
            TestAuthority.create(true, KeyPurposeId.id_kp_clientAuth),
            TestAuthority.create(
                true, KeyPurposeId.id_kp_timeStamping, KeyPurposeId.id_kp_clientAuth),
            TestAuthority.create(false, KeyPurposeId.id_kp_timeStamping))) {
      // Its generator refuses to make such a token, as it should.
      assertThatThrownBy(() -> wrong.token(query.bytes())).hasMessageContaining("ExtendedKeyUsage");
    }
  }

  @Test
  void aCertificateIsValidAtTheTimeOfTheToken() throws Exception {
    authority.setClock(Instant.now().plus(Duration.ofDays(2)));
    assertRefused(authority.token(query.bytes()), DATA, root(), "cannot be checked");
  }

  @Test
  void anAnswerToAnotherQuestionIsNone() throws Exception {
    TimeStampQuery before = TimeStampQuery.about(DATA);
    authority.answerTo(before.bytes());
    assertNotAccepted(authority.answer(query.bytes()), "no answer to what it was asked");
    TimeStampQuery about = TimeStampQuery.about("something else".getBytes(UTF_8));
    authority.answerTo(about.bytes());
    assertNotAccepted(authority.answer(query.bytes()), "no answer to what it was asked");
  }

  @Test
  void aTokenWithoutItsCertificateIsNone() throws Exception {
    TimeStampRequestGenerator generator = new TimeStampRequestGenerator();
    byte[] bare =
        authority.token(
            generator.generate(TSPAlgorithms.SHA256, TimeStamp.sha256(DATA)).getEncoded());
    assertRefused(bare, DATA, root(), "lacks the certificate");
    assertThat(TimeStamp.verify(bare, DATA, List.of(authority.own()))).isNotNull();
  }

  @Test
  void aHashThatIsOldIsNone() throws Exception {
    byte[] sha1 =
        authority.token(
            new TimeStampRequestGenerator()
                .generate(TSPAlgorithms.SHA1, MessageDigest.getInstance("SHA-1").digest(DATA))
                .getEncoded());
    assertRefused(sha1, DATA, root(), "not over the SHA-256");
  }

  @Test
  void whatIsNoAnswerIsTold() throws Exception {
    assertNotAccepted(new byte[0], "no answer to what it was asked");
    assertNotAccepted("<html>".getBytes(UTF_8), "no answer to what it was asked");
    // A refusal: status 2 and a text.
    assertNotAccepted(
        new byte[] {0x30, 0x0b, 0x30, 0x09, 0x02, 0x01, 0x02, 0x30, 0x04, 0x0c, 0x02, 'n', 'o'},
        "it gave no token: status 2, no");
    assertRefused(new byte[0], DATA, root(), "this is no time-stamp token");
    assertRefused("<html>".getBytes(UTF_8), DATA, root(), "this is no time-stamp token");
    assertRefused(new byte[TimeStamp.LARGEST + 1], DATA, root(), "more than 65,536 bytes");
  }

  private static void assertRefused(
      byte[] token, byte[] data, List<X509Certificate> trusted, String why) {
    assertThatThrownBy(() -> TimeStamp.verify(token, data, trusted))
        .isInstanceOf(TimeStampException.class)
        .hasMessageContaining(why);
  }

  private void assertNotAccepted(byte[] answer, String why) {
    assertThatThrownBy(() -> query.accept(answer, root()))
        .isInstanceOf(TimeStampException.class)
        .hasMessageContaining(why);
  }
}
