package dev.stele.gc;

import org.jdbi.v3.core.Handle;

/**
 * How much no root reaches, past grace or not.
 *
 * @param content digests whose bytes a store has and no repository
 * @param nextPosition of the first event that the view has not taken in
 * @param behind how many events there are from there on
 */
public record Waiting(
    long manifests, long blobs, long content, long repositories, long nextPosition, long behind) {
  static Waiting read(Handle handle) {
    return handle
        .createQuery(
            """
            SELECT (SELECT count(*) FROM unreachable WHERE kind = 'manifest') AS manifests,
                   (SELECT count(*) FROM unreachable WHERE kind = 'blob') AS blobs,
                   (SELECT count(*) FROM unlinked) AS content,
                   (SELECT count(*) FROM unreachable WHERE kind = 'repository') AS repositories,
                   coalesce((SELECT next_position FROM log_checkpoint WHERE follower = 'reachability'), 0) AS known,
                   (SELECT next_position FROM log_head) AS head
            """)
        .map(
            (row, _) ->
                new Waiting(
                    row.getLong("manifests"),
                    row.getLong("blobs"),
                    row.getLong("content"),
                    row.getLong("repositories"),
                    row.getLong("known"),
                    row.getLong("head") - row.getLong("known")))
        .one();
  }
}
