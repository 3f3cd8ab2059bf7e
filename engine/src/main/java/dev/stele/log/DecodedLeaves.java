package dev.stele.log;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.event.EventCodec;
import dev.stele.event.RecordedEvent;
import java.util.Arrays;

/**
 * What leaves say, of those that were decoded lately: the newest events are read again and again,
 * by every view that follows the log and by whoever asks for what the index does not have yet. A
 * leaf counts as the same only if its bytes are, so nothing is taken for granted. Thread-safe.
 */
final class DecodedLeaves {
  /** Some thousands of the usual ones, but few of the largest, which have 64 KiB. */
  private static final long MOST_BYTES = 4L << 20;

  private record Decoded(byte[] leaf, RecordedEvent event) {}

  private final EventCodec codec;
  private final Cache<Long, Decoded> cache =
      Caffeine.newBuilder()
          .maximumWeight(MOST_BYTES)
          .<Long, Decoded>weigher((_, decoded) -> decoded.leaf().length)
          .build();

  DecodedLeaves(EventCodec codec) {
    this.codec = codec;
  }

  RecordedEvent decode(LogReader.Leaf leaf) {
    Decoded cached = cache.getIfPresent(leaf.position());
    if (cached != null && Arrays.equals(cached.leaf(), leaf.bytes())) {
      return cached.event();
    }
    RecordedEvent event = codec.decode(leaf.bytes());
    cache.put(leaf.position(), new Decoded(leaf.bytes(), event));
    return event;
  }
}
