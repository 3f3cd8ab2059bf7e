package dev.stele.projection;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.stele.event.Event;
import dev.stele.event.RecordedEvent;
import dev.stele.oci.Descriptor;
import dev.stele.oci.Digest;
import dev.stele.oci.Manifest;
import dev.stele.oci.RepositoryName;
import dev.stele.sql.Pipeline;
import dev.stele.sql.Unnested;
import dev.stele.sql.Values;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;

/** The descriptors that the referrers API answers, by subject. */
public final class ReferrerView implements InlineView {
  private static final ObjectMapper SHOWN = new JsonMapper();
  private static final ObjectMapper STORED =
      JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
  private static final TypeReference<Map<String, String>> ANNOTATIONS = new TypeReference<>() {};

  /**
   * A page as JSON has at most so many bytes: clients such as oras refuse answers over 4 MiB, and
   * one manifest may have megabytes of annotations.
   */
  private static final int PAGE_BYTES = 3 << 20;

  /** Annotations are written when so many characters of them wait to be. */
  private static final int MOST_HELD = 4 << 20;

  /** Annotations that take more bytes as JSON are left out: the manifest itself has them. */
  private static final int MOST_ANNOTATIONS = 1 << 20;

  /** Whether a row, {@code r}, is beyond the page: what all up to it take as JSON, at most. */
  private static final String BEYOND =
      """
      sum(least(r.size, %d) + 2 * octet_length(r.media_type) + 2 * octet_length(coalesce(r.artifact_type, '')) + 400)
        OVER (ORDER BY r.digest) > %d
      """
          .formatted(MOST_ANNOTATIONS, PAGE_BYTES);

  /** Referrers in the order of digests, and whether more follow. */
  public record Listing(List<Descriptor> referrers, boolean more) {}

  private record Row(Descriptor referrer, boolean beyond) {}

  private final ManifestDocuments documents;

  ReferrerView(ManifestDocuments documents) {
    this.documents = documents;
  }

  @Override
  public String name() {
    return "referrer";
  }

  @Override
  public List<String> tables() {
    return List.of("referrer");
  }

  @Override
  public void apply(Pipeline transaction, List<RecordedEvent> events) {
    RowChanges<Member<Digest>, Added> changes = new RowChanges<>();
    int held = 0;
    for (RecordedEvent recorded : events) {
      switch (recorded.event()) {
        case Event.ManifestPut put -> {
          if (put.added() && put.subject().isPresent()) {
            Manifest manifest = documents.recorded(transaction, put.digest());
            Added added = new Added(put, manifest.artifactType(), json(shown(manifest)));
            changes.add(new Member<>(put.repository(), put.digest()), added);
            held += added.annotations().length();
            if (held > MOST_HELD) {
              write(transaction, changes);
              changes = new RowChanges<>();
              held = 0;
            }
          }
        }
        case Event.ManifestRemoval gone ->
            changes.remove(new Member<>(gone.repository(), gone.digest()));
        case Event.RepositoryEvent _,
            Event.BlobEvent _,
            Event.ObjectEvent _,
            Event.TagEvent _,
            Event.HoldEvent _,
            Event.RetentionEvent _,
            Event.PullEvent _,
            Event.AccountEvent _,
            Event.OperatorEvent _ -> {}
      }
    }
    write(transaction, changes);
  }

  private static void write(Pipeline transaction, RowChanges<Member<Digest>, Added> changes) {
    Member.delete(transaction, "referrer", changes.removed());
    new Unnested<>(changes.added())
        .text("repositories", added -> added.put().repository())
        .digests("subjects", added -> added.put().subject().orElseThrow())
        .digests("digests", added -> added.put().digest())
        .text("mediaTypes", added -> added.put().mediaType())
        .text("artifactTypes", added -> added.artifactType().orElse(null))
        .number("sizes", added -> added.put().size())
        .text("annotations", Added::annotations)
        .execute(
            transaction,
            """
            INSERT INTO referrer (repository, subject, digest, media_type, artifact_type, size, annotations)
            SELECT * FROM unnest(
              :repositories::text[], :subjects::bytea[], :digests::bytea[], :mediaTypes::text[],
              :artifactTypes::text[], :sizes::bigint[], :annotations::text[])
            """);
  }

  private record Added(Event.ManifestPut put, Optional<String> artifactType, String annotations) {}

  /**
   * At most {@code limit} referrers of a subject after a digest, in the order of digests; of one
   * artifact type where given. Fewer if the page would have more than 3 MiB as JSON; one whose
   * annotations alone take more than 1 MiB comes without them.
   */
  public static Listing list(
      Handle handle,
      RepositoryName repository,
      Digest subject,
      Optional<String> artifactType,
      Optional<Digest> after,
      int limit) {
    List<Row> rows =
        handle
            .createQuery(
                """
                SELECT digest, media_type, artifact_type, size, beyond,
                  CASE WHEN beyond THEN '{}' ELSE annotations END AS annotations
                FROM (
                  SELECT r.*, %s AS beyond
                  FROM (
                    SELECT digest, media_type, artifact_type, size, annotations
                    FROM referrer
                    WHERE repository = :repository AND subject = :subject AND digest > :after
                      AND (:artifactType::text IS NULL OR artifact_type = :artifactType)
                    ORDER BY digest
                    LIMIT :limit
                  ) r
                ) sized
                ORDER BY digest
                """
                    .formatted(BEYOND))
            .bind("repository", repository)
            .bind("subject", subject)
            .bind("after", Values.bytesOrNone(after))
            .bind("artifactType", artifactType)
            .bind("limit", limit + 1)
            .map(
                (row, _) ->
                    new Row(
                        new Descriptor(
                            row.getString("media_type"),
                            Values.digest(row, "digest"),
                            row.getLong("size"),
                            Optional.ofNullable(row.getString("artifact_type")),
                            annotations(row.getString("annotations"))),
                        row.getBoolean("beyond")))
            .list();
    List<Descriptor> page =
        rows.stream().takeWhile(row -> !row.beyond()).limit(limit).map(Row::referrer).toList();
    return new Listing(page, page.size() < rows.size());
  }

  /** The annotations that a referrer is shown with. */
  public static Map<String, String> shown(Manifest manifest) {
    try {
      return SHOWN.writeValueAsBytes(manifest.annotations()).length > MOST_ANNOTATIONS
          ? Map.of()
          : manifest.annotations();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings are always JSON", e);
    }
  }

  /**
   * SQL that says whether a row named {@code r} is beyond a page of rows in the order of digests.
   */
  public static String beyond() {
    return BEYOND;
  }

  private static String json(Map<String, String> annotations) {
    try {
      return STORED.writeValueAsString(new TreeMap<>(annotations));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("strings are always JSON", e);
    }
  }

  private static Map<String, String> annotations(String json) {
    try {
      return STORED.readValue(json, ANNOTATIONS);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("the database returned JSON that is none", e);
    }
  }
}
