package dev.stele.blob;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * What lies some levels below folders, an entry at a time: at most one folder a level is open, and
 * nothing is kept, however many files there are. ({@code Stream.flatMap} would put all of a folder
 * into memory as soon as somebody asks the stream for an iterator.) Used by one thread.
 */
final class FolderWalk implements Iterator<Path>, AutoCloseable {
  private record Level(DirectoryStream<Path> folder, Iterator<Path> entries) {}

  private final Iterator<Path> roots;
  private final int depth;
  private final Deque<Level> open = new ArrayDeque<>();
  private Path next;

  private FolderWalk(List<Path> roots, int depth) {
    this.roots = roots.iterator();
    this.depth = depth;
  }

  /**
   * The entries so many levels below each of these; what is missing or no folder has none. To be
   * closed; throws {@link UncheckedIOException}.
   */
  static Stream<Path> entries(List<Path> roots, int depth) {
    FolderWalk walk = new FolderWalk(roots, depth);
    return StreamSupport.stream(
            Spliterators.spliteratorUnknownSize(walk, Spliterator.NONNULL | Spliterator.DISTINCT),
            false)
        .onClose(walk::close);
  }

  @Override
  public boolean hasNext() {
    while (next == null) {
      if (open.isEmpty()) {
        if (!roots.hasNext()) {
          return false;
        }
        descend(roots.next());
      } else if (!hasMore(open.getLast())) {
        close(open.removeLast());
      } else if (open.size() < depth) {
        descend(open.getLast().entries().next());
      } else {
        next = open.getLast().entries().next();
      }
    }
    return true;
  }

  private static boolean hasMore(Level level) {
    try {
      return level.entries().hasNext();
    } catch (DirectoryIteratorException e) {
      throw new UncheckedIOException(e.getCause());
    }
  }

  @SuppressWarnings("StreamResourceLeak") // closed when the walk leaves the folder, or ends
  private void descend(Path folder) {
    try {
      DirectoryStream<Path> entries = Files.newDirectoryStream(folder);
      open.addLast(new Level(entries, entries.iterator()));
    } catch (NoSuchFileException | NotDirectoryException e) {
      // Gone, or not one of ours: there is nothing in it.
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Path next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    Path entry = next;
    next = null;
    return entry;
  }

  private static void close(Level level) {
    try {
      level.folder().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    while (!open.isEmpty()) {
      close(open.removeLast());
    }
  }
}
