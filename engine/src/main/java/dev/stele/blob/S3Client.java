package dev.stele.blob;

import com.google.common.collect.ImmutableMultimap;
import com.google.common.collect.Multimap;
import io.minio.MinioAsyncClient;
import io.minio.errors.MinioException;
import io.minio.messages.Contents;
import io.minio.messages.DeleteError;
import io.minio.messages.DeleteObject;
import io.minio.messages.ListBucketResultV2;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Map;

/**
 * The single requests of S3 that {@link MinioAsyncClient} has, but keeps to its subclasses: its
 * public calls put several together, each with its own idea of parts and pages.
 */
final class S3Client extends MinioAsyncClient {
  /** A page of a listing, in the order of names. */
  record Page(List<Contents> contents, boolean isTruncated) {}

  S3Client(MinioAsyncClient client) {
    super(client);
  }

  /** PutObject; answers the ETag. */
  String putObject(String bucket, String name, byte[] data, int length, Map<String, String> headers)
      throws IOException, MinioException, GeneralSecurityException {
    return S3Calls.await(putObjectAsync(bucket, null, name, data, length, multimap(headers), null))
        .etag();
  }

  /** ListObjectsV2 of what comes after a name. */
  Page listObjects(String bucket, String prefix, String after)
      throws IOException, MinioException, GeneralSecurityException {
    ListBucketResultV2 page =
        S3Calls.await(
                listObjectsV2Async(
                    bucket, null, null, "url", after, 1000, prefix, null, false, false, null, null))
            .result();
    return new Page(page.contents(), page.isTruncated());
  }

  /** DeleteObjects of at most 1000; answers what could not be deleted. */
  List<DeleteError> deleteObjects(String bucket, List<String> names)
      throws IOException, MinioException, GeneralSecurityException {
    List<DeleteObject> objects = names.stream().map(DeleteObject::new).toList();
    return S3Calls.await(deleteObjectsAsync(bucket, null, objects, true, false, null, null))
        .result()
        .errorList();
  }

  static Multimap<String, String> multimap(Map<String, String> headers) {
    return ImmutableMultimap.copyOf(headers.entrySet());
  }
}
