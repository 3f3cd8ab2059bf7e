package dev.stele.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.event.Event;
import dev.stele.event.EventCodec;
import dev.stele.event.Opening;
import dev.stele.evidence.EvidenceQuestion.About;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.Hash;
import dev.stele.merkle.KeyType;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.Proofs;
import dev.stele.merkle.SignedNote;
import dev.stele.oci.Digest;
import dev.stele.timestamp.TimeStamp;
import dev.stele.timestamp.TimeStampException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Function;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Checks evidence with nothing but the file and the keys of the log: every hash is made anew, and
 * so is the answer. What it holds in memory grows with the number of events, by some hundred bytes
 * each. For one check.
 */
public final class EvidenceCheck implements Closeable {
  private static final int LONGEST_NOTE = 1 << 20;
  private static final int LONGEST_PROOF = 128;
  private static final int LONGEST_LINE = 1 << 16;
  private static final int LARGEST_DOCUMENT = 64 << 20;
  private static final Set<String> PARTS =
      Set.of(
          EvidenceBundle.READ_ME,
          EvidenceBundle.REPORT,
          EvidenceBundle.CSV,
          EvidenceBundle.JSON,
          EvidenceBundle.LEAVES,
          EvidenceBundle.HASHES,
          EvidenceBundle.CHECKPOINT,
          EvidenceBundle.OPENINGS,
          EvidenceBundle.KEYS);

  private static final Set<String> STAMP =
      Set.of(EvidenceBundle.STAMPED, EvidenceBundle.TOKEN, EvidenceBundle.CONSISTENCY);

  /**
   * What was looked at.
   *
   * @param what a sentence on it
   */
  public record Finding(Verdict verdict, String what) {
    /** Whether it is as it should be, as far as it was looked at. */
    public boolean holds() {
      return verdict != Verdict.WRONG;
    }
  }

  /** What came of looking at something. */
  public enum Verdict {
    /** It is as it should be. */
    OK,
    /** It is not. */
    WRONG,
    /** It is not claimed or was not looked at; who reads this should know. */
    NOTE
  }

  private final ZipFile zip;
  private final Trust trust;
  private final List<Finding> findings = new ArrayList<>();
  private final Map<String, Opening> openings = new HashMap<>();
  private final Set<String> commitments = new HashSet<>();
  private final Set<String> digests = new HashSet<>();

  private EvidenceCheck(ZipFile zip, Trust trust) {
    this.zip = zip;
    this.trust = trust;
  }

  /**
   * Checks evidence.
   *
   * @return what was found, in the order in which it was looked at
   * @throws IOException if the file cannot be read at all
   */
  public static List<Finding> of(Path file, Trust trust) throws IOException {
    try (EvidenceCheck check = new EvidenceCheck(new ZipFile(file.toFile(), UTF_8), trust)) {
      try {
        check.run();
      } catch (UncheckedIOException e) {
        check.wrong("a part of the file cannot be read: " + e.getCause().getMessage());
      } catch (IOException | RuntimeException e) { // whatever somebody has put there
        check.wrong("a part of the file is not what it should be: " + e.getMessage());
      }
      return List.copyOf(check.findings);
    }
  }

  private void holds(String what) {
    findings.add(new Finding(Verdict.OK, what));
  }

  private void wrong(String what) {
    findings.add(new Finding(Verdict.WRONG, what));
  }

  private void note(String what) {
    findings.add(new Finding(Verdict.NOTE, what));
  }

  private void run() throws IOException {
    checkParts();
    SignedNote note =
        SignedNote.parse(new String(bytes(EvidenceBundle.CHECKPOINT, LONGEST_NOTE), UTF_8));
    Checkpoint checkpoint = Checkpoint.parse(note.text());
    findings.addAll(signatures(note, trust));
    EvidenceLeaf issued = checkTree(checkpoint);
    if (!(issued.event().event() instanceof Event.EvidenceIssued given)) {
      wrong(
          "the last event does not say that evidence was given, but is a %s"
              .formatted(issued.event().event().type()));
      return;
    }
    EvidenceQuestion question = EvidenceQuestion.parse(given.question());
    if (!given.repository().equals(question.repository())) {
      wrong("the event that says what was asked is not one of the repository that was asked about");
    }
    checkWhole(question, issued);
    checkOpenings(question);
    checkDocuments();
    checkStamp(checkpoint);
    checkKeys(note, checkpoint);
    EvidenceAnswer answer =
        new EvidenceAnswer(question, issued, checkpoint, openings, this::forEachLeaf);
    checkAnswer(answer);
  }

  private void checkParts() throws IOException {
    if (!ArchiveForm.is(Path.of(zip.getName()))) {
      wrong(
          "the archive is not as it was given: others could see other parts in it than are checked"
              + " here; it may have been packed anew");
    }
    if (!Arrays.equals(
        bytes(EvidenceBundle.READ_ME, LONGEST_NOTE), EvidenceBundle.ABOUT.getBytes(UTF_8))) {
      wrong("read-me.txt is not the text that evidence has; do nothing that it says");
    }
    Set<String> seen = new HashSet<>();
    zip.stream()
        .map(ZipEntry::getName)
        .forEach(
            name -> {
              if (!seen.add(name)) {
                wrong(
                    "there are two parts %s: programs would not agree on which counts"
                        .formatted(name));
              } else if (!PARTS.contains(name)
                  && !STAMP.contains(name)
                  && !name.startsWith(EvidenceBundle.DOCUMENTS)) {
                wrong(
                    "there is a part %s that no evidence has; nothing vouches for it"
                        .formatted(name));
              }
            });
    for (String part : PARTS) {
      if (!seen.contains(part)) {
        wrong("the part %s is missing".formatted(part));
      }
    }
  }

  /** Who signed a checkpoint; one key at least must be the log's. */
  static List<Finding> signatures(SignedNote note, Trust trust) {
    Checkpoint checkpoint = Checkpoint.parse(note.text());
    List<Finding> findings = new ArrayList<>();
    boolean signed = false;
    for (NoteKey key : trust.keys()) {
      boolean own = key.name().equals(checkpoint.origin());
      if (!own && key.type() == KeyType.ED25519) {
        findings.add(
            new Finding(
                Verdict.NOTE, "a key of another log, %s, was given, too".formatted(key.name())));
        continue;
      }
      String who = "%s %s".formatted(own ? "the log" : "the witness", key.name());
      Optional<Instant> at = key.in(note).flatMap(key::signedAt);
      if (key.signed(checkpoint, note)) {
        signed |= own;
        findings.add(
            new Finding(
                Verdict.OK,
                "%s signed that the log has %,d events (%s%s)"
                    .formatted(
                        who,
                        checkpoint.size(),
                        key.type(),
                        at.map(when -> ", at " + when).orElse(""))));
      } else {
        findings.add(
            new Finding(
                Verdict.WRONG,
                key.in(note).isPresent()
                    ? "the signature of %s (%s) is not one of this checkpoint"
                        .formatted(who, key.type())
                    : "%s has not signed the checkpoint (%s)".formatted(who, key.type())));
      }
    }
    if (trust.policy().isPresent()) {
      boolean accepted = trust.policy().get().accepts(note);
      signed |= accepted;
      findings.add(
          accepted
              ? new Finding(
                  Verdict.OK,
                  "the policy accepts the checkpoint of %,d events of %s: it is signed, and as many witnesses have cosigned it as must"
                      .formatted(checkpoint.size(), checkpoint.origin()))
              : new Finding(
                  Verdict.WRONG,
                  "the policy does not accept the checkpoint: it is not signed by a log that it"
                      + " names, or not as many witnesses have cosigned it as must"));
    }
    if (!signed) {
      findings.add(
          new Finding(
              Verdict.WRONG,
              "no key that was given is one by which the log %s signed this checkpoint"
                  .formatted(checkpoint.origin())));
    }
    return findings;
  }

  /** Returns the last leaf. */
  private EvidenceLeaf checkTree(Checkpoint checkpoint) throws IOException {
    long[] positions = new long[1024];
    int count = 0;
    EvidenceLeaf last = null;
    try (Lines lines = new Lines(part(EvidenceBundle.LEAVES), EventCodec.MAX_LEAF_BYTES)) {
      while (lines.hasNext()) {
        last = EvidenceLeaf.of(lines.next());
        if (count == positions.length) {
          positions = Arrays.copyOf(positions, 2 * count);
        }
        positions[count++] = last.position();
        last.commitments().forEach(commitments::add);
        last.event().event().documents().forEach(digest -> digests.add(digest.toString()));
      }
    }
    if (last == null) {
      throw new IllegalArgumentException("there is no event in " + EvidenceBundle.LEAVES);
    }
    try (Lines leaves = new Lines(part(EvidenceBundle.LEAVES), EventCodec.MAX_LEAF_BYTES);
        Lines others = new Lines(part(EvidenceBundle.HASHES), LONGEST_LINE)) {
      Hash root =
          Proofs.root(
              checkpoint.size(),
              Arrays.copyOf(positions, count),
              new Mapped<>(leaves, Hash::leaf),
              new Mapped<>(others, line -> Hash.parse(new String(line, UTF_8))));
      if (leaves.hasNext() || others.hasNext()) {
        wrong("there are more hashes than the tree of %,d events has".formatted(checkpoint.size()));
      } else if (root.equals(checkpoint.root())) {
        holds(
            "the %,d events here are in the log, byte for byte, at their positions"
                .formatted(count));
      } else {
        wrong(
            "the events are not those of the log: with the hashes of the rest they make another"
                + " root than the one that is signed");
      }
    }
    return last;
  }

  private void forEachLeaf(EvidenceLeaves.Taker taker) throws IOException {
    try (Lines lines = new Lines(part(EvidenceBundle.LEAVES), EventCodec.MAX_LEAF_BYTES)) {
      while (lines.hasNext()) {
        taker.take(lines.next());
      }
    }
  }

  /** Whether nothing is left out between the first event that is asked for and the last. */
  private void checkWhole(EvidenceQuestion question, EvidenceLeaf issued) throws IOException {
    if (question.about() == About.DIGEST) {
      note("nothing is claimed of events that speak of the digest and are not here");
      return;
    }
    Span span = new Span(question, issued.position());
    forEachLeaf(bytes -> span.take(EvidenceLeaf.of(bytes)));
    Optional<String> problem = span.problem();
    if (problem.isPresent()) {
      wrong(problem.get());
    } else {
      holds(
          question.about() == About.LOG
              ? "no event is left out: the positions have no gap"
              : "no event of the repository is left out: each names the one before it");
    }
  }

  /** Follows the chain of what is asked about. */
  private static final class Span {
    private final EvidenceQuestion question;
    private final long issued;
    private final Optional<Instant> from;
    private final Optional<Instant> to;
    private OptionalLong last = OptionalLong.empty();
    private boolean begun;
    private boolean closed;
    private Optional<String> problem = Optional.empty();

    private Span(EvidenceQuestion question, long issued) {
      this.question = question;
      this.issued = issued;
      this.from = question.from().filter(text -> !text.startsWith("p")).map(Instant::parse);
      this.to = question.to().filter(text -> !text.startsWith("p")).map(Instant::parse);
    }

    private void take(EvidenceLeaf leaf) {
      boolean linked =
          question.about() == About.LOG
              || leaf.event().event().place().equals(question.repository());
      if (closed || !linked) {
        return;
      }
      long position = leaf.position();
      OptionalLong before =
          question.about() == About.LOG
              ? position == 0 ? OptionalLong.empty() : OptionalLong.of(position - 1)
              : leaf.event().previous();
      if (last.isPresent() ? !before.equals(last) : before.orElse(-1) > question.after()) {
        problem =
            problem.or(
                () ->
                    Optional.of(
                        "an event is left out: before the one at %d comes that at %d, which is not here"
                            .formatted(position, before.orElse(-1))));
      }
      last = OptionalLong.of(position);
      closed = position > question.through().orElse(issued - 1);
      Instant at = leaf.event().recordedAt();
      // Only at the edges: where a clock that was wrong was set right, times within go back.
      boolean first = !begun && position > question.after();
      begun |= first;
      boolean wrongBegin =
          from.isPresent()
              && (position <= question.after()
                  ? at.isAfter(from.get())
                  : first && !at.isAfter(from.get()));
      boolean wrongEnd = to.isPresent() && closed && position != issued && !at.isAfter(to.get());
      if (wrongBegin || wrongEnd) {
        problem =
            problem.or(
                () ->
                    Optional.of(
                        "the event at %d was recorded at %s, which is on the other side of the times that were asked for than its position"
                            .formatted(position, at)));
      }
    }

    private Optional<String> problem() {
      return problem.or(
          () ->
              closed
                  ? Optional.empty()
                  : Optional.of(
                      "the end is left out: no event shows that there is none after the last"));
    }
  }

  private void checkOpenings(EvidenceQuestion question) throws IOException {
    int strange = 0;
    try (Lines lines = new Lines(part(EvidenceBundle.OPENINGS), LONGEST_LINE)) {
      while (lines.hasNext()) {
        Opening opening = new Opening(new String(lines.next(), UTF_8));
        String commitment = opening.commitment().hex();
        if (commitments.contains(commitment)) {
          openings.put(commitment, opening);
        } else {
          strange++;
        }
      }
    }
    if (strange > 0) {
      wrong(
          "%,d of the names and origins are none that an event here was recorded with"
              .formatted(strange));
    } else if (question.pseudonymous() && !openings.isEmpty()) {
      wrong("names are here, though the evidence was asked for without them");
    } else if (question.pseudonymous()) {
      note("names and origins are left out, as was asked; reasons are as people wrote them");
    } else {
      holds("the names and origins are those of the record (%,d)".formatted(openings.size()));
      int unknown = commitments.size() - openings.size();
      if (unknown > 0) {
        note(
            "%,d more are told by numbers: people were forgotten, or whoever handed this over left them out"
                .formatted(unknown));
      }
    }
  }

  /** Nobody should trust them because they are here; but they should be those of the checkpoint. */
  private void checkKeys(SignedNote note, Checkpoint checkpoint) throws IOException {
    try (Lines lines = new Lines(part(EvidenceBundle.KEYS), LONGEST_LINE)) {
      while (lines.hasNext()) {
        NoteKey key = NoteKey.parse(new String(lines.next(), UTF_8));
        if (!key.name().equals(checkpoint.origin()) || !key.signed(checkpoint, note)) {
          wrong("keys.txt has a key that did not sign the checkpoint: " + key.label());
        }
      }
    }
  }

  /** Whether an authority saw a log that this one continues. */
  private void checkStamp(Checkpoint checkpoint) throws IOException {
    if (STAMP.stream().noneMatch(part -> zip.getEntry(part) != null)) {
      note("no authority says when it saw the log: times are those of the registry's clock");
      return;
    }
    Checkpoint stamped =
        Checkpoint.parse(
            SignedNote.parse(new String(bytes(EvidenceBundle.STAMPED, LONGEST_NOTE), UTF_8))
                .text());
    List<Hash> consistency = new ArrayList<>();
    try (Lines lines = new Lines(part(EvidenceBundle.CONSISTENCY), LONGEST_LINE)) {
      while (lines.hasNext() && consistency.size() < LONGEST_PROOF) {
        consistency.add(Hash.parse(new String(lines.next(), UTF_8)));
      }
    }
    if (!stamped.origin().equals(checkpoint.origin())
        || !Proofs.consistent(
            stamped.size(), stamped.root(), checkpoint.size(), checkpoint.root(), consistency)) {
      wrong("the log does not begin with the checkpoint that was time-stamped");
    } else if (trust.authorities().isEmpty()) {
      note(
          "there is a time stamp, which was not looked at, since no certificates of authorities"
              + " were given");
    } else {
      try {
        TimeStamp stamp =
            TimeStamp.verify(
                bytes(EvidenceBundle.TOKEN, TimeStamp.LARGEST),
                stamped.body().getBytes(UTF_8),
                trust.authorities());
        holds(
            "%s saw the log at %s, with all events before position %d"
                .formatted(stamp.authority(), stamp.at(), stamped.size()));
      } catch (TimeStampException e) {
        wrong("the time stamp does not count: " + e.getMessage());
      }
    }
  }

  private void checkDocuments() throws IOException {
    int count = 0;
    for (ZipEntry entry : zip.stream().<ZipEntry>map(e -> e).toList()) {
      if (!entry.getName().startsWith(EvidenceBundle.DOCUMENTS)) {
        continue;
      }
      String name =
          entry.getName().substring(EvidenceBundle.DOCUMENTS.length()).replaceFirst("-", ":");
      Digest digest = Digest.parse(name);
      byte[] bytes = bytes(entry.getName(), LARGEST_DOCUMENT);
      if (!Digest.of(digest.algorithm(), bytes).equals(digest)) {
        wrong("the document %s has other bytes than its digest says".formatted(digest));
      } else if (!digests.contains(digest.toString())) {
        wrong("no event here names the document %s".formatted(digest));
      } else {
        count++;
      }
    }
    holds("the documents are those that events name (%,d)".formatted(count));
    if (count < digests.size()) {
      note(
          "%,d more that they name are not here: not for whoever asked, not kept any more, or left out"
              .formatted(digests.size() - count));
    }
  }

  /** Something that is made anew. */
  @FunctionalInterface
  private interface Part {
    void write(OutputStream out) throws IOException;
  }

  private void checkAnswer(EvidenceAnswer answer) throws IOException {
    Map<String, Part> parts =
        Map.of(
            EvidenceBundle.CSV, answer::csv,
            EvidenceBundle.JSON, answer::json,
            EvidenceBundle.REPORT, answer::html);
    for (String name : parts.keySet().stream().sorted().toList()) {
      try (InputStream in = new BufferedInputStream(part(name));
          Comparison comparison = new Comparison(in)) {
        parts.get(name).write(comparison);
        if (comparison.same()) {
          holds("%s follows from the events".formatted(name));
        } else {
          wrong("%s says something else than the events".formatted(name));
        }
      }
    }
  }

  private InputStream part(String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    return entry == null ? InputStream.nullInputStream() : zip.getInputStream(entry);
  }

  private byte[] bytes(String name, int most) throws IOException {
    try (InputStream in = part(name)) {
      byte[] bytes = in.readNBytes(most + 1);
      if (bytes.length > most) {
        throw new IOException("%s is larger than %,d bytes".formatted(name, most));
      }
      return bytes;
    }
  }

  @Override
  public void close() throws IOException {
    zip.close();
  }

  /** Compares what is written with what can be read. */
  private static final class Comparison extends OutputStream {
    private final InputStream expected;
    private boolean same = true;

    private Comparison(InputStream expected) {
      this.expected = expected;
    }

    @Override
    public void write(int b) throws IOException {
      same &= expected.read() == (b & 0xff);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      byte[] read = expected.readNBytes(length);
      same &= Arrays.equals(read, 0, read.length, bytes, offset, offset + length);
    }

    private boolean same() throws IOException {
      return same && expected.read() < 0;
    }
  }

  /** The lines of a part, each with a newline, one after the other. */
  private static final class Lines implements Iterator<byte[]>, Closeable {
    private final InputStream in;
    private final int longest;
    private byte[] next;

    private Lines(InputStream in, int longest) throws IOException {
      this.in = new BufferedInputStream(in, 1 << 16);
      this.longest = longest;
      this.next = read();
    }

    private byte[] read() throws IOException {
      ByteArrayOutputStream line = new ByteArrayOutputStream(512);
      for (int b = in.read(); b != '\n'; b = in.read()) {
        if (b < 0) {
          if (line.size() > 0) {
            throw new IOException("the last line has no end");
          }
          return null;
        }
        if (line.size() == longest) {
          throw new IOException("a line is longer than %,d bytes".formatted(longest));
        }
        line.write(b);
      }
      return line.toByteArray();
    }

    @Override
    public boolean hasNext() {
      return next != null;
    }

    @Override
    public byte[] next() {
      if (next == null) {
        throw new NoSuchElementException();
      }
      byte[] line = next;
      try {
        next = read();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      return line;
    }

    @Override
    public void close() throws IOException {
      in.close();
    }
  }

  private record Mapped<A, B>(Iterator<A> from, Function<A, B> by) implements Iterator<B> {
    private Mapped {
      Objects.requireNonNull(by);
    }

    @Override
    public boolean hasNext() {
      return from.hasNext();
    }

    @Override
    public B next() {
      return by.apply(from.next());
    }
  }
}
