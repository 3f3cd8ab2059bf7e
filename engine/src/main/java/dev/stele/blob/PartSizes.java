package dev.stele.blob;

/**
 * How a blob is cut into the parts of an S3 multipart upload. S3 takes 10,000 parts of 5 MiB to 5
 * GiB each (the last may be shorter) and objects of 5 TiB. All sizes are in bytes.
 *
 * <p>The first {@value #FIRST_PARTS} parts have 8 MiB, so an upload of up to 7.8 GiB needs no more
 * memory than that; from then on every hundredth part makes the following ones 14 MiB larger, so
 * that 10,000 of them carry 5 TiB. A blob of 50 GiB needs parts of about 110 MiB, one of 500 GiB of
 * about 360 MiB.
 */
final class PartSizes {
  static final int FIRST = 8 << 20;
  static final int MAX_PARTS = 10_000;

  /** The least that S3 takes for a part that is not the last. */
  static final int LEAST = 5 << 20;

  private static final int FIRST_PARTS = 1000;
  private static final int STEP = 14 << 20;

  private PartSizes() {}

  /** The size of the part with this number, counted from 1, unless it is the last. */
  static int of(int number) {
    if (number <= FIRST_PARTS) {
      return FIRST;
    }
    return FIRST + STEP * ((number - FIRST_PARTS + 99) / 100);
  }

  /**
   * Whether so many bytes may become the part with this number although more will follow. Early
   * parts may be shorter than planned, so that an upload in small chunks does not store its tail
   * again and again; so many parts are left then that 5 TiB still fit.
   */
  static boolean mayEndEarly(int number, int length) {
    return number <= FIRST_PARTS && length >= LEAST;
  }
}
