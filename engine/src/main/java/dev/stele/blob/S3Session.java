package dev.stele.blob;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.stele.oci.Digest;
import dev.stele.oci.InvalidNameException;
import dev.stele.oci.RepositoryName;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * What the bucket keeps of an upload session: one object, replaced as a whole by every chunk. Its
 * metadata is what a status needs; its content is the tail (what is in no part yet), followed by
 * JSON with the parts and the state of the hash.
 *
 * @param size of everything received, in bytes
 * @param multipart the id of the multipart upload, once there are parts
 * @param algorithm what is hashed with: the hinted one
 * @param parts how many parts there are
 * @param tail how many of the bytes are in no part
 * @param finishing whether a finish has taken the session and completes it; nothing may be added
 * @param revision differs after every write, so no two states have the same ETag
 */
record S3Session(
    UploadId id,
    RepositoryName repository,
    Digest.Algorithm algorithm,
    Instant lastActivityAt,
    long size,
    Optional<String> multipart,
    int parts,
    int tail,
    boolean finishing,
    String revision) {

  private static final ObjectMapper JSON = JsonMapper.builder().build();

  /** The part of the content behind the tail; the hash is empty until something was received. */
  record Details(byte[] hash, List<UploadedPart> parts, String revision) {
    byte[] toJson() throws IOException {
      return JSON.writeValueAsBytes(this);
    }

    static Details parse(byte[] json) throws IOException {
      return JSON.readValue(json, Details.class);
    }
  }

  static S3Session begin(
      UploadId id, RepositoryName repository, Digest.Algorithm algorithm, Instant now) {
    return new S3Session(
        id, repository, algorithm, now, 0, Optional.empty(), 0, 0, false, newRevision());
  }

  /** The state after an upload received something. */
  S3Session after(S3Upload upload, Instant now) {
    return new S3Session(
        id,
        repository,
        upload.algorithm(),
        now.isAfter(lastActivityAt) ? now : lastActivityAt,
        upload.size(),
        upload.multipart(),
        upload.parts().size(),
        upload.buffer().length(),
        false,
        newRevision());
  }

  /** The state in which nothing can be added. */
  S3Session taken(Instant now) {
    return new S3Session(
        id, repository, algorithm, now, size, multipart, parts, 0, true, newRevision());
  }

  private static String newRevision() {
    return UUID.randomUUID().toString();
  }

  static String name(UploadId id) {
    return "uploads/" + id;
  }

  /** Where the multipart upload of this session leads. */
  ObjectKey key() {
    return new ObjectKey("objects/" + id);
  }

  UploadStatus status() {
    return new UploadStatus(id, repository, size, lastActivityAt);
  }

  Map<String, String> metadata() {
    Map<String, String> metadata = new HashMap<>();
    metadata.put("repository", repository.toString());
    metadata.put("algorithm", algorithm.prefix());
    metadata.put("active", lastActivityAt.toString());
    metadata.put("size", Long.toString(size));
    metadata.put("parts", Integer.toString(parts));
    metadata.put("tail", Integer.toString(tail));
    metadata.put("finishing", Boolean.toString(finishing));
    metadata.put("revision", revision);
    multipart.ifPresent(upload -> metadata.put("multipart", upload));
    return metadata;
  }

  /**
   * Reads what {@link #metadata} wrote.
   *
   * @param metadata answers null for what is not there
   * @throws IOException if the object is not that of a session
   */
  static S3Session parse(UploadId id, UnaryOperator<String> metadata) throws IOException {
    try {
      return new S3Session(
          id,
          RepositoryName.parse(required(metadata, "repository")),
          Digest.Algorithm.parse(required(metadata, "algorithm")),
          Instant.parse(required(metadata, "active")),
          Long.parseLong(required(metadata, "size")),
          Optional.ofNullable(metadata.apply("multipart")),
          Integer.parseInt(required(metadata, "parts")),
          Integer.parseInt(required(metadata, "tail")),
          Boolean.parseBoolean(required(metadata, "finishing")),
          required(metadata, "revision"));
    } catch (InvalidNameException | DateTimeException | NumberFormatException e) {
      throw new IOException("not the object of an upload session: " + name(id), e);
    }
  }

  private static String required(UnaryOperator<String> metadata, String name) throws IOException {
    String value = metadata.apply(name);
    if (value == null) {
      throw new IOException("the object of an upload session lacks its " + name);
    }
    return value;
  }
}
