package dev.stele.it;

import java.io.ByteArrayInputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A client that pushes one image after another, and keeps record of what it was told. Every image
 * has a tag of its own, and moves the tag of its pusher. What fails because the registry died or
 * said that it is unavailable is given up and stays in doubt; any other answer fails the test. For
 * use by one thread.
 */
final class Pusher {
  private static final int LARGEST_LAYER = 400_000;

  private final RegistryClient client;
  private final AcknowledgedPushes pushes;
  private final String prefix;
  private final int number;
  private final Random random;
  private int largestLayer = LARGEST_LAYER;
  private int longestPause;
  private int unavailable;

  /**
   * @param prefix of the repositories: half of the images go to one that all pushers share
   * @param number of this pusher, by which it has a tag and a repository of its own
   */
  Pusher(RegistryClient client, AcknowledgedPushes pushes, String prefix, int number, long seed) {
    this.client = client;
    this.pushes = pushes;
    this.prefix = prefix;
    this.number = number;
    this.random = new Random(seed);
  }

  /** Makes the layers of so many bytes at most. */
  Pusher withLayersUpTo(int bytes) {
    largestLayer = bytes;
    return this;
  }

  /** Waits before every image, for a random time of so many milliseconds at most. */
  Pusher withPausesUpTo(int millis) {
    longestPause = millis;
    return this;
  }

  /** How often it was told that the registry is unavailable. */
  int unavailable() {
    return unavailable;
  }

  /**
   * Pushes until it is told to stop.
   *
   * @param run is part of every image, so that another run pushes others
   */
  Void run(String run, AtomicBoolean stop) throws InterruptedException {
    for (int image = 0; !stop.get(); image++) {
      Thread.sleep(random.nextInt(longestPause + 1));
      try {
        push(image(run, image), image % 2 == 0 ? prefix + "/shared" : prefix + "/own-" + number);
      } catch (UncheckedIOException e) {
        // No answer: the server is dead. What was on its way stays in doubt.
        Thread.sleep(10);
      } catch (UnexpectedAnswerException e) {
        e.assertUnavailable();
        unavailable++;
        Thread.sleep(10);
      }
    }
    return null;
  }

  private ImageFixture.Image image(String run, int image) {
    byte[] layer = new byte[random.nextInt(1, largestLayer)];
    random.nextBytes(layer);
    Content content = Content.of(ImageFixture.LAYER_TYPE, layer);
    Content config =
        SmallImages.image("%s pusher %d image %d".formatted(run, number, image)).config();
    return new ImageFixture.Image(
        "amd64",
        config,
        List.of(content),
        List.of(content.digest()),
        ImageFixture.manifest(config, List.of(content)));
  }

  private void push(ImageFixture.Image image, String repository) {
    upload(repository, image.config());
    upload(repository, image.layers().getFirst());
    Content manifest = image.manifest();
    putTag(repository, "image-" + manifest.digest().hex().substring(0, 20), manifest);
    putTag(repository, "pusher-" + number, manifest);
  }

  private void putTag(String repository, String tag, Content manifest) {
    pushes.tagStarts(repository, tag, manifest.digest());
    client.putManifest(repository, tag, manifest);
    pushes.tagAcknowledged(repository, tag, manifest.digest());
  }

  private void upload(String repository, Content content) {
    pushes.blobStarts(repository, content.digest());
    switch (random.nextInt(3)) {
      case 0 -> client.pushBlob(repository, content.bytes());
      case 1 ->
          client.pushBlobChunked(
              repository, content.bytes(), Math.max(100_000, content.size() / 3));
      default ->
          client.pushBlobStreamed(
              repository, content.digest(), () -> new ByteArrayInputStream(content.bytes()));
    }
    pushes.blobAcknowledged(repository, content.digest());
  }
}
