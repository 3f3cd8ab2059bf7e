package dev.stele.evidence;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.stele.event.Opening;
import dev.stele.merkle.Checkpoint;
import dev.stele.merkle.Hash;
import dev.stele.merkle.NoteKey;
import dev.stele.merkle.SignedNote;
import dev.stele.oci.Digest;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Evidence in one file, a ZIP archive. The decision on evidence says what each part is.
 *
 * @param leaves of all events that it needs; the last is the one that says that it was given
 * @param issued that one's
 * @param hashes hands over those of the rest of the tree ({@link dev.stele.merkle.Tree#around})
 * @param checkpoint of the tree, as it is signed
 * @param openings by the commitments that they open
 * @param documents that events name
 * @param stamp that an authority has seen the log
 * @param keys by which the checkpoint can be checked, though whoever checks should have them from
 *     elsewhere
 */
@SuppressWarnings("ArrayRecordComponent") // read-only
public record EvidenceBundle(
    EvidenceLeaves leaves,
    byte[] issued,
    Consumer<Consumer<Hash>> hashes,
    SignedNote checkpoint,
    Map<String, Opening> openings,
    List<Document> documents,
    Optional<Stamp> stamp,
    List<NoteKey> keys) {
  static final String LEAVES = "leaves.jsonl";
  static final String HASHES = "hashes.txt";
  static final String CHECKPOINT = "checkpoint";
  static final String OPENINGS = "openings.txt";
  static final String DOCUMENTS = "documents/";
  static final String KEYS = "keys.txt";
  static final String JSON = "answer.json";
  static final String CSV = "answer.csv";
  static final String REPORT = "report.html";
  static final String STAMPED = "time-stamp/checkpoint";
  static final String TOKEN = "time-stamp/token.tsr";
  static final String CONSISTENCY = "time-stamp/consistency.txt";
  static final String READ_ME = "read-me.txt";

  static final String ABOUT =
      """
      Evidence of what a registry has on record, form 1.

      report.html    to read or print: what was asked, the answer, what it shows and what it does not
      answer.csv     the same answer as a table, answer.json for programs
      leaves.jsonl   the events, a line each, in the bytes that were hashed
      hashes.txt     the hashes of all other events, or of as many together as can be
      checkpoint     how many events the log has, and the root of their tree (RFC 6962), signed (C2SP tlog-checkpoint)
      openings.txt   what the hashes of actors and origins are of
      time-stamp/    if there is one: an earlier checkpoint, the token of an authority that saw it (RFC 3161), and the hashes
                     that show that the log begins with it (RFC 6962)
      documents/     what events name by its SHA-256, such as manifests
      keys.txt       the keys of the log; do not trust them because they are here

      Nothing of this needs to be believed: java -jar stele-verify.jar --keys FILE BUNDLE
      checks all of it, with the keys of the log in FILE, which you got from elsewhere.
      """;

  /**
   * What an event names by digest.
   *
   * @param digest of algorithm SHA-256 or SHA-512
   * @param bytes reads them; empty if they are not kept
   */
  public record Document(Digest digest, Bytes bytes) {
    /** Reads bytes. */
    @FunctionalInterface
    public interface Bytes {
      /** All of them. */
      Optional<byte[]> read() throws IOException;
    }

    /** Where it is in the archive. */
    String path() {
      return DOCUMENTS + digest.toString().replace(':', '-');
    }
  }

  /**
   * That an authority saw a checkpoint.
   *
   * @param checkpoint the same as the bundle's, or an earlier one
   * @param consistency of the two ({@link dev.stele.merkle.Tree#consistency})
   * @param token over the checkpoint's text (RFC 3161), in DER
   */
  @SuppressWarnings("ArrayRecordComponent") // read-only
  public record Stamp(SignedNote checkpoint, List<Hash> consistency, byte[] token) {
    public Stamp {
      consistency = List.copyOf(consistency);
    }
  }

  /** What is written as one part. */
  @FunctionalInterface
  private interface Part {
    void write(OutputStream out) throws IOException;
  }

  /** Writes all of it, and leaves the stream open. */
  public void write(OutputStream out) throws IOException {
    ZipOutputStream zip = new ZipOutputStream(out, UTF_8);
    EvidenceLeaf last = EvidenceLeaf.of(issued);
    EvidenceAnswer answer =
        new EvidenceAnswer(
            question(last), last, Checkpoint.parse(checkpoint.text()), openings, leaves);
    add(zip, READ_ME, part -> part.write(ABOUT.getBytes(UTF_8)));
    add(zip, REPORT, answer::html);
    add(zip, CSV, answer::csv);
    add(zip, JSON, answer::json);
    add(zip, LEAVES, part -> leaves.forEach(leaf -> line(part, leaf)));
    add(
        zip,
        HASHES,
        part -> {
          StringBuilder lines = new StringBuilder();
          hashes.accept(hash -> lines.append(hash).append('\n'));
          part.write(lines.toString().getBytes(UTF_8));
        });
    add(zip, CHECKPOINT, part -> part.write(checkpoint.toString().getBytes(UTF_8)));
    add(
        zip,
        OPENINGS,
        part -> {
          for (Opening opening : openings.values()) {
            line(part, opening.text().getBytes(UTF_8));
          }
        });
    for (Document document : documents) {
      Optional<byte[]> bytes = document.bytes().read();
      if (bytes.isPresent()) {
        add(zip, document.path(), part -> part.write(bytes.get()));
      }
    }
    if (stamp.isPresent()) {
      add(zip, STAMPED, part -> part.write(stamp.get().checkpoint().toString().getBytes(UTF_8)));
      add(zip, TOKEN, part -> part.write(stamp.get().token()));
      add(
          zip,
          CONSISTENCY,
          part -> {
            for (Hash hash : stamp.get().consistency()) {
              line(part, hash.toString().getBytes(UTF_8));
            }
          });
    }
    add(
        zip,
        KEYS,
        part -> {
          for (NoteKey key : keys) {
            line(part, key.toString().getBytes(UTF_8));
          }
        });
    zip.finish();
  }

  /** What the event that says so was asked for. */
  static EvidenceQuestion question(EvidenceLeaf issued) {
    return EvidenceQuestion.parse(issued.json().path("data").path("question").asText());
  }

  private static void add(ZipOutputStream zip, String name, Part part) throws IOException {
    zip.putNextEntry(new ZipEntry(name));
    part.write(zip);
    zip.closeEntry();
  }

  private static void line(OutputStream out, byte[] bytes) throws IOException {
    out.write(bytes);
    out.write('\n');
  }
}
