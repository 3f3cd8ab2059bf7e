package dev.stele.blob;

import java.io.IOException;

/**
 * A body arrived so slowly, while other uploads waited for the memory that it took, that it was
 * given up. What had arrived is dealt with as if the connection had broken.
 */
public final class SlowBodyException extends IOException {
  SlowBodyException() {
    super(
        "this upload arrives too slowly while others wait for the memory that it takes; go on"
            + " later, from where its status says");
  }
}
