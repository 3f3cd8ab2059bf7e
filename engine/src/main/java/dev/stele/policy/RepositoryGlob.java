package dev.stele.policy;

import dev.stele.oci.RepositoryName;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;

/**
 * Repositories by a pattern of their whole name: {@code *} matches within a path segment, {@code
 * **} also across them, {@code ?} one character, {@code [a-c]} one of several and {@code [!a-c]}
 * one of the others, {@code {a,b}} either, {@code \} takes the next character's meaning away. So
 * {@code **} is every repository, {@code team/**} all below {@code team}, and {@code *} those with
 * a name of one segment. None but {@code **} matches a slash that is not written.
 *
 * <p>A match takes one pass over the name with all places of the glob that it may be at, so at most
 * {@value #LONGEST} times {@value RepositoryName#MAX_LENGTH} small steps (a fraction of a
 * millisecond) whatever the two are: anybody may send a glob. Immutable and thread-safe.
 */
public final class RepositoryGlob {
  /** The most characters of a glob. */
  public static final int LONGEST = 255;

  private final String text;
  private final List<Step> steps;

  /** For each place: that and those to get to from there without a character. */
  private final List<BitSet> closures;

  /** A place in the glob. The place after the last step is the end. */
  private sealed interface Step {
    /** Takes one of these characters and goes on. */
    record One(BitSet characters) implements Step {}

    /** Takes any number of characters. */
    record Many(boolean slashes) implements Step {}

    /** Goes on at each of these places without taking anything. */
    record Fork(List<Integer> places) implements Step {}
  }

  private RepositoryGlob(String text, List<Step> steps) {
    this.text = text;
    this.steps = List.copyOf(steps);
    List<BitSet> all = new ArrayList<>();
    for (int place = 0; place <= steps.size(); place++) {
      BitSet closure = new BitSet(steps.size() + 1);
      reach(closure, place);
      all.add(closure);
    }
    this.closures = List.copyOf(all);
  }

  /**
   * Reads a glob.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static RepositoryGlob parse(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("must not be empty; ** matches every repository");
    }
    if (text.length() > LONGEST || !text.chars().allMatch(c -> c > ' ' && c <= '~')) {
      throw new IllegalArgumentException(
          "must be a glob of at most " + LONGEST + " visible ASCII characters, such as team/**");
    }
    return new RepositoryGlob(text, new Parser(text).steps());
  }

  private static final class Parser {
    private static final int CHARACTERS = 128;

    private final String text;
    private final List<Step> steps = new ArrayList<>();
    private int next;

    /** Where a group forks, and where its alternatives begin and end; empty outside of one. */
    private final List<Integer> begins = new ArrayList<>();

    private final List<Integer> ends = new ArrayList<>();

    private Parser(String text) {
      this.text = text;
    }

    private List<Step> steps() {
      while (next < text.length()) {
        step(text.charAt(next++));
      }
      if (!begins.isEmpty()) {
        throw invalid("a { without its }");
      }
      return steps;
    }

    private void step(char c) {
      switch (c) {
        case '*' -> {
          boolean slashes = accept('*');
          steps.add(new Step.Many(slashes));
        }
        case '?' -> {
          BitSet all = new BitSet();
          all.set(0, CHARACTERS);
          all.clear('/');
          steps.add(new Step.One(all));
        }
        case '[' -> steps.add(new Step.One(characters()));
        case '\\' -> {
          if (next == text.length()) {
            throw invalid("nothing after the last \\");
          }
          literal(text.charAt(next++));
        }
        case '{' -> {
          if (!begins.isEmpty()) {
            throw invalid("a { within another");
          }
          steps.add(new Step.Fork(List.of())); // to what is known at its end
          begins.add(steps.size());
        }
        case ',', '}' -> {
          if (begins.isEmpty()) {
            literal(c);
          } else {
            steps.add(new Step.Fork(List.of())); // to the end of the group
            ends.add(steps.size() - 1);
            if (c == ',') {
              begins.add(steps.size());
            } else {
              endGroup();
            }
          }
        }
        default -> literal(c);
      }
    }

    private void endGroup() {
      steps.set(begins.getFirst() - 1, new Step.Fork(List.copyOf(begins)));
      ends.forEach(end -> steps.set(end, new Step.Fork(List.of(steps.size()))));
      begins.clear();
      ends.clear();
    }

    private void literal(char c) {
      BitSet one = new BitSet();
      one.set(c);
      steps.add(new Step.One(one));
    }

    /** What is between brackets; a hyphen is itself at either end. */
    private BitSet characters() {
      boolean others = accept('!');
      if (!others && peek() == '^') {
        throw invalid("a ^ first within [ ], where ! stands for all others");
      }
      BitSet characters = new BitSet();
      do {
        char low = take();
        char high = low;
        if (low == '-' && !characters.isEmpty() && peek() != ']') {
          throw invalid("a range without a beginning");
        }
        if (peek() == '-' && next + 1 < text.length() && text.charAt(next + 1) != ']') {
          next++;
          high = take();
        }
        if (high < low) {
          throw invalid("a range that ends before it begins");
        }
        characters.set(low, high + 1);
      } while (peek() != ']');
      next++;
      if (others) {
        characters.flip(0, CHARACTERS);
      }
      characters.clear('/');
      return characters;
    }

    private char peek() {
      if (next == text.length()) {
        throw invalid("a [ without its ]");
      }
      return text.charAt(next);
    }

    private char take() {
      char c = peek();
      if (c == '/' || c == ']') {
        throw invalid(c == '/' ? "a / within [ ]" : "nothing within [ ]");
      }
      next++;
      return c;
    }

    private boolean accept(char c) {
      boolean there = next < text.length() && text.charAt(next) == c;
      next += there ? 1 : 0;
      return there;
    }

    private IllegalArgumentException invalid(String problem) {
      return new IllegalArgumentException(
          "is not a glob, such as team/**: " + problem + " in \"" + text + '"');
    }
  }

  /** The characters before the first that has a meaning of its own: every match begins so. */
  public String beginning() {
    for (int i = 0; i < text.length(); i++) {
      if ("*?[{\\".indexOf(text.charAt(i)) >= 0) {
        return text.substring(0, i);
      }
    }
    return text;
  }

  /** How many characters of it stand for one that must be there. */
  int literals() {
    return (int)
        steps.stream()
            .filter(
                step ->
                    step instanceof Step.One(BitSet characters) && characters.cardinality() == 1)
            .count();
  }

  /** The one name that it can match, if it is a name. */
  public Optional<String> only() {
    return beginning().equals(text) ? Optional.of(text) : Optional.empty();
  }

  /** What is before {@code /**}, if it matches just the repositories below that. */
  public Optional<String> allBelow() {
    String beginning = beginning();
    return beginning.endsWith("/") && text.equals(beginning + "**")
        ? Optional.of(beginning.substring(0, beginning.length() - 1))
        : Optional.empty();
  }

  public boolean matches(RepositoryName repository) {
    return matches(repository.value());
  }

  /** Whether it matches a name of ASCII characters. */
  boolean matches(String name) {
    BitSet at = closures.getFirst();
    for (int i = 0; i < name.length() && !at.isEmpty(); i++) {
      char c = name.charAt(i);
      BitSet then = new BitSet(steps.size() + 1);
      for (int place = at.nextSetBit(0); place >= 0; place = at.nextSetBit(place + 1)) {
        if (place < steps.size()) {
          switch (steps.get(place)) {
            case Step.One(BitSet characters) -> {
              if (characters.get(c)) {
                add(then, place + 1);
              }
            }
            case Step.Many(boolean slashes) -> {
              if (slashes || c != '/') {
                add(then, place);
              }
            }
            case Step.Fork _ -> {}
          }
        }
      }
      at = then;
    }
    return at.get(steps.size());
  }

  /** Adds a place with its closure, which is there if the place is. */
  private void add(BitSet places, int place) {
    if (!places.get(place)) {
      places.or(closures.get(place));
    }
  }

  /** Adds a place, and those to get to from there without a character. Each is looked at once. */
  private void reach(BitSet places, int place) {
    if (places.get(place)) {
      return;
    }
    places.set(place);
    if (place < steps.size()) {
      switch (steps.get(place)) {
        case Step.One _ -> {}
        case Step.Many _ -> reach(places, place + 1);
        case Step.Fork(List<Integer> next) -> next.forEach(each -> reach(places, each));
      }
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RepositoryGlob glob && glob.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  /** As it was written. */
  @Override
  public String toString() {
    return text;
  }
}
