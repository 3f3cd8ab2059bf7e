package dev.stele.server.http;

/**
 * Error codes as clients read them. The first group is the distribution specification's (section
 * "Error Codes"); the rest follows common registries where the specification has none.
 */
public enum ErrorCode {
  BLOB_UNKNOWN,
  BLOB_UPLOAD_INVALID,
  BLOB_UPLOAD_UNKNOWN,
  DIGEST_INVALID,
  MANIFEST_BLOB_UNKNOWN,
  MANIFEST_INVALID,
  MANIFEST_UNKNOWN,
  NAME_INVALID,
  NAME_UNKNOWN,
  SIZE_INVALID,
  UNAUTHORIZED,
  DENIED,
  UNSUPPORTED,
  TOOMANYREQUESTS,

  /** A page size that is not a number. */
  PAGINATION_NUMBER_INVALID,
  /** A query string, header or request that no other code describes. */
  REQUEST_INVALID,
  /** A byte range outside the content. */
  RANGE_INVALID,
  /** If-Match or If-None-Match is false of what is there. */
  PRECONDITION_FAILED,
  /** No such address. */
  NOT_FOUND,
  /** The database or a store is away, or the server is overloaded or stopping. */
  UNAVAILABLE,
  /** Unforeseen; the server's log has the details under the request id. */
  UNKNOWN
}
