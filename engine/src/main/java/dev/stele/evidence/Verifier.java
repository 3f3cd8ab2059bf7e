package dev.stele.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.event.CorruptLeafException;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.LogProof;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.TrustPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The program that checks what a registry gave out, evidence or the proof of an event, with nothing
 * but that and the keys of the log.
 */
public final class Verifier {
  private static final int LONGEST_PROOF = 1 << 20;
  private static final Set<String> OPTIONS = Set.of("--keys", "--key", "--policy", "--authorities");
  private static final String USAGE =
      """
      Usage: java -jar stele-verify.jar (--keys FILE | --key KEY | --policy FILE)... [--authorities FILE] FILE

      Checks what a registry gave out: evidence (stele evidence) or the proof of an event (stele proof).

        --keys FILE  the keys of the log, a line each, as stele log keys prints them; also those
                     of witnesses, which must have signed then, too
        --key KEY    one key
        --policy FILE
                     which checkpoints count, by which witnesses, in the form of C2SP's tlog-policy
        --authorities FILE
                     certificates (PEM) to which that of a time-stamp authority must lead

      Have the keys from elsewhere than from whom you have FILE. Exit status 0 if everything holds,
      1 if something does not, 2 if nothing could be checked.
      """;

  private Verifier() {}

  /** Runs it. */
  public static void main(String[] arguments) {
    Locale.setDefault(Locale.ENGLISH);
    PrintWriter out = new PrintWriter(new OutputStreamWriter(System.out, UTF_8));
    int status;
    try {
      status = run(List.of(arguments), out);
    } catch (IllegalArgumentException | IOException e) {
      System.err.println("stele-verify: " + reason(e));
      status = 2;
    }
    out.flush();
    System.exit(status);
  }

  private static String reason(Exception e) {
    return e instanceof NoSuchFileException ? "there is no file " + e.getMessage() : e.getMessage();
  }

  private static int run(List<String> arguments, PrintWriter out) throws IOException {
    List<NoteKey> keys = new ArrayList<>();
    Optional<TrustPolicy> policy = Optional.empty();
    List<X509Certificate> authorities = new ArrayList<>();
    List<Path> files = new ArrayList<>();
    Iterator<String> left = arguments.iterator();
    while (left.hasNext()) {
      String argument = left.next();
      if (argument.startsWith("--") && (!OPTIONS.contains(argument) || !left.hasNext())) {
        out.print(USAGE);
        return argument.equals("--help") ? 0 : 2;
      }
      switch (argument) {
        case "--keys" -> keys.addAll(keys(Path.of(left.next())));
        case "--key" -> keys.add(NoteKey.parse(left.next()));
        case "--policy" -> policy = Optional.of(policy(Path.of(left.next())));
        case "--authorities" -> authorities.addAll(authorities(Path.of(left.next())));
        default -> files.add(Path.of(argument));
      }
    }
    if (files.size() != 1 || (keys.isEmpty() && policy.isEmpty())) {
      out.print(USAGE);
      return 2;
    }
    return verify(files.getFirst(), new Trust(keys, policy, authorities), out) ? 0 : 1;
  }

  /**
   * Reads a policy.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static TrustPolicy policy(Path file) throws IOException {
    return TrustPolicy.parse(Files.readString(file));
  }

  /**
   * Reads certificates in PEM.
   *
   * @throws IllegalArgumentException if there are none
   */
  public static List<X509Certificate> authorities(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      List<X509Certificate> found =
          CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (!found.isEmpty()) {
        return found;
      }
    } catch (CertificateException e) {
      throw new IllegalArgumentException("%s has no certificates in PEM".formatted(file), e);
    }
    throw new IllegalArgumentException("%s has no certificates in PEM".formatted(file));
  }

  /**
   * Reads keys, a line each.
   *
   * @throws IllegalArgumentException if one is none
   */
  public static List<NoteKey> keys(Path file) throws IOException {
    return Files.readAllLines(file).stream()
        .map(line -> line.replace("\uFEFF", "").strip())
        .filter(line -> !line.isEmpty() && !line.startsWith("#"))
        .map(NoteKey::parse)
        .toList();
  }

  /**
   * Checks a file and prints what holds and what does not.
   *
   * @return whether all of it does
   * @throws IllegalArgumentException if it is neither evidence nor a proof
   */
  public static boolean verify(Path file, Trust trust, PrintWriter out) throws IOException {
    byte[] beginning;
    try (InputStream in = Files.newInputStream(file)) {
      beginning = in.readNBytes(LONGEST_PROOF);
    }
    List<EvidenceCheck.Finding> findings =
        beginning.length > 1 && beginning[0] == 'P' && beginning[1] == 'K'
            ? EvidenceCheck.of(file, trust)
            : proof(beginning, trust, out);
    findings.forEach(finding -> out.println(label(finding.verdict()) + printable(finding.what())));
    boolean holds = findings.stream().allMatch(EvidenceCheck.Finding::holds);
    out.println(
        holds
            ? findings.stream().anyMatch(finding -> finding.verdict() == EvidenceCheck.Verdict.NOTE)
                ? "What is claimed holds; the notes say what is not."
                : "All of it holds."
            : "DO NOT RELY ON IT: %,d of %,d checks failed"
                .formatted(
                    findings.stream().filter(finding -> !finding.holds()).count(),
                    findings.size()));
    return holds;
  }

  private static List<EvidenceCheck.Finding> proof(byte[] bytes, Trust trust, PrintWriter out)
      throws CharacterCodingException {
    LogProof proof;
    try {
      proof = LogProof.parse(UTF_8.newDecoder().decode(java.nio.ByteBuffer.wrap(bytes)).toString());
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "the file is neither evidence (a ZIP archive) nor a proof: " + e.getMessage(), e);
    }
    List<EvidenceCheck.Finding> findings = new ArrayList<>();
    findings.addAll(EvidenceCheck.signatures(proof.checkpoint(), trust));
    Checkpoint checkpoint = Checkpoint.parse(proof.checkpoint().text());
    findings.add(
        new EvidenceCheck.Finding(
            verdict(proof.holds()),
            proof.holds()
                ? "the event is in the log, byte for byte, at position " + proof.index()
                : "the event is not the one at position %d of the log of %,d events"
                    .formatted(proof.index(), checkpoint.size())));
    try {
      EvidenceLeaf leaf = EvidenceLeaf.of(proof.leaf());
      findings.add(
          new EvidenceCheck.Finding(
              verdict(leaf.position() == proof.index()),
              "the event itself says that its position is " + leaf.position()));
    } catch (CorruptLeafException e) {
      findings.add(new EvidenceCheck.Finding(EvidenceCheck.Verdict.WRONG, e.getMessage()));
    }
    out.println(printable(new String(proof.leaf(), UTF_8)));
    return findings;
  }

  private static String label(EvidenceCheck.Verdict verdict) {
    return switch (verdict) {
      case OK -> "ok     ";
      case WRONG -> "WRONG  ";
      case NOTE -> "note   ";
    };
  }

  private static EvidenceCheck.Verdict verdict(boolean holds) {
    return holds ? EvidenceCheck.Verdict.OK : EvidenceCheck.Verdict.WRONG;
  }

  /** What is checked comes from somebody else, and could write over what stands on a terminal. */
  private static String printable(String text) {
    StringBuilder safe = new StringBuilder();
    text.codePoints()
        .forEach(
            c -> {
              int type = Character.getType(c);
              if (type == Character.CONTROL || type == Character.FORMAT) {
                safe.append("\\u{").append(Integer.toHexString(c)).append('}');
              } else {
                safe.appendCodePoint(c);
              }
            });
    return safe.toString();
  }
}
