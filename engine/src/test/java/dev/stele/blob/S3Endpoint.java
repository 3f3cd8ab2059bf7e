package dev.stele.blob;

import java.io.Closeable;
import java.io.IOException;
import java.net.URI;
import java.util.Optional;
import org.gaul.s3proxy.AuthenticationType;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.nio2blob.TransientNio2BlobApiMetadata;
import org.jclouds.ContextBuilder;
import org.jclouds.blobstore.BlobStoreContext;

/**
 * A server that speaks S3 with signed requests over HTTP and keeps its objects in this JVM's heap.
 */
public final class S3Endpoint implements Closeable {
  public static final S3Settings.Credentials CREDENTIALS =
      new S3Settings.Credentials("stele-access", "stele-secret");

  private final BlobStoreContext backend;
  private final S3Proxy proxy;

  /** Starts it on a free port of the loopback address. */
  public S3Endpoint() throws IOException {
    backend =
        // By class, not by name: a look-up by name would load the public clouds' clients, too.
        ContextBuilder.newBuilder(new TransientNio2BlobApiMetadata())
            .credentials("unused", "unused")
            .build(BlobStoreContext.class);
    proxy =
        S3Proxy.builder()
            .blobStore(backend.getBlobStore())
            .endpoint(URI.create("http://127.0.0.1:0"))
            .awsAuthentication(
                AuthenticationType.AWS_V4, CREDENTIALS.accessKey(), CREDENTIALS.secretKey())
            .build();
    try {
      proxy.start();
    } catch (Exception e) {
      backend.close();
      throw new IOException("the S3 server does not start", e);
    }
  }

  public URI uri() {
    return URI.create("http://127.0.0.1:" + proxy.getPort());
  }

  public void createBucket(String bucket) {
    if (!backend.getBlobStore().createContainerInLocation(null, bucket)) {
      throw new IllegalStateException("the bucket exists: " + bucket);
    }
  }

  /** Makes the bucket, unless it is there already. */
  public void provideBucket(String bucket) {
    backend.getBlobStore().createContainerInLocation(null, bucket);
  }

  /** Replaces the bytes of an object that is there, without asking the store that wrote it. */
  public void overwrite(String bucket, String key, byte[] bytes) throws IOException {
    requireObject(bucket, key);
    backend
        .getBlobStore()
        .putBlob(bucket, backend.getBlobStore().blobBuilder(key).payload(bytes).build());
  }

  /** Removes an object that is there. */
  public void remove(String bucket, String key) throws IOException {
    requireObject(bucket, key);
    backend.getBlobStore().removeBlob(bucket, key);
  }

  private void requireObject(String bucket, String key) throws IOException {
    if (!backend.getBlobStore().blobExists(bucket, key)) {
      throw new IOException("bucket " + bucket + " has no object " + key);
    }
  }

  /** A bucket here, without a prefix. */
  public S3Settings settings(String bucket) {
    return new S3Settings(
        uri(),
        bucket,
        "us-east-1",
        Optional.of(CREDENTIALS),
        true,
        "",
        S3Settings.defaultPartMemory());
  }

  @Override
  public void close() throws IOException {
    try {
      proxy.stop();
    } catch (Exception e) {
      throw new IOException("the S3 server does not stop", e);
    } finally {
      backend.close();
    }
  }
}
