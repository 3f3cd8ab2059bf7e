package dev.stele.evidence;

import java.io.IOException;

/** The leaves of some evidence, in their order, as often as somebody asks for them. */
@FunctionalInterface
public interface EvidenceLeaves {
  /** Takes leaves. */
  @FunctionalInterface
  interface Taker {
    /**
     * Takes one.
     *
     * @param leaf not to be modified
     */
    void take(byte[] leaf) throws IOException;
  }

  /** Hands over each, the one of the lowest position first. */
  void forEach(Taker taker) throws IOException;
}
