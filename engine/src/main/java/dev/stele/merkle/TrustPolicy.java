package dev.stele.merkle;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Which checkpoints count (C2SP tlog-policy): those that one of some logs has signed, and as many
 * witnesses have cosigned as the quorum says. Immutable.
 *
 * @param groups each after those that it has as members
 * @param quorum the name of a witness or a group; empty where nobody has to cosign
 */
public record TrustPolicy(
    List<Log> logs, List<Witness> witnesses, List<Group> groups, Optional<String> quorum) {
  /** No log, and nobody has to cosign. */
  public static final TrustPolicy NONE =
      new TrustPolicy(List.of(), List.of(), List.of(), Optional.empty());

  /** As many of a kind as are read; the specification asks for 32. */
  private static final int MOST = 64;

  private static final String NOBODY = "none";
  private static final Pattern NAME = Pattern.compile("[^\\s\\p{Cntrl}#][^\\s\\p{Cntrl}]*");
  private static final Pattern NUMBER = Pattern.compile("[1-9][0-9]{0,3}");
  private static final Pattern SPACE = Pattern.compile("[ \t]+");
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}&&[^\n\t]]");

  /** A key of a log. */
  public record Log(NoteKey key, Optional<String> url) {}

  /** A key of a witness, by a name that means something in this policy alone. */
  public record Witness(String name, NoteKey key, Optional<String> url) {}

  /**
   * Of these as many must have cosigned.
   *
   * @param least 1 at least, and no more than there are members
   * @param members names of witnesses and groups
   */
  public record Group(String name, int least, List<String> members) {
    public Group {
      members = List.copyOf(members);
    }
  }

  /**
   * @throws IllegalArgumentException saying which name, key or number is wrong
   */
  public TrustPolicy {
    logs = List.copyOf(logs);
    witnesses = List.copyOf(witnesses);
    groups = List.copyOf(groups);
    if (logs.size() > MOST || witnesses.size() > MOST || groups.size() > MOST) {
      throw new IllegalArgumentException(
          "a policy has at most %1$d logs, %1$d witnesses and %1$d groups".formatted(MOST));
    }
    checkKeys("log", logs.stream().map(Log::key).toList(), KeyType.ED25519);
    checkKeys(
        "witness", witnesses.stream().map(Witness::key).toList(), KeyType.ED25519_COSIGNATURE);
    Set<String> known = new HashSet<>();
    witnesses.forEach(witness -> define(known, witness.name()));
    Set<String> used = new HashSet<>();
    for (Group group : groups) {
      if (group.least() < 1 || group.least() > group.members().size()) {
        throw new IllegalArgumentException(
            "the group %s has %d members, of which not %d can be asked for"
                .formatted(group.name(), group.members().size(), group.least()));
      }
      for (String member : group.members()) {
        requireKnown(known, member);
        if (!used.add(member)) {
          throw new IllegalArgumentException(
              member + " is a member more than once: it would count twice");
        }
      }
      define(known, group.name());
    }
    quorum.ifPresent(name -> requireKnown(known, name));
  }

  private static void checkKeys(String whose, List<NoteKey> keys, KeyType older) {
    Set<ByteBuffer> seen = new HashSet<>();
    for (NoteKey key : keys) {
      if (key.type() != older && key.type() != KeyType.ML_DSA_44) {
        throw new IllegalArgumentException(
            "the key %s of a %s is of type %s; it must be of %s or %s"
                .formatted(key.label(), whose, key.type(), older, KeyType.ML_DSA_44));
      }
      if (!seen.add(key.material())) {
        throw new IllegalArgumentException(
            "the key of %s is that of another %s: it would count twice"
                .formatted(key.label(), whose));
      }
    }
  }

  private static void define(Set<String> known, String name) {
    if (name.equals(NOBODY) || !NAME.matcher(name).matches()) {
      throw new IllegalArgumentException(
          "\"%s\" cannot be the name of a witness or a group".formatted(name));
    }
    if (!known.add(name)) {
      throw new IllegalArgumentException(
          "two witnesses or groups have the name %s".formatted(name));
    }
  }

  private static void requireKnown(Set<String> known, String name) {
    if (!known.contains(name)) {
      throw new IllegalArgumentException(
          "no witness or group %s is defined before it is named".formatted(name));
    }
  }

  /**
   * Reads one.
   *
   * @throws IllegalArgumentException saying what is wrong, and in which line
   */
  public static TrustPolicy parse(String text) {
    List<Log> logs = new ArrayList<>();
    List<Witness> witnesses = new ArrayList<>();
    List<Group> groups = new ArrayList<>();
    List<String> quorums = new ArrayList<>();
    int number = 0;
    for (String line : text.split("\n", -1)) {
      number++;
      if (CONTROL.matcher(line).find()) {
        throw new IllegalArgumentException("line %d has a control character".formatted(number));
      }
      List<String> items = SPACE.splitAsStream(line).filter(item -> !item.isEmpty()).toList();
      if (items.isEmpty() || items.getFirst().startsWith("#")) {
        continue;
      }
      try {
        switch (items.getFirst()) {
          case "log" -> {
            require(items, 2, 3, "log VKEY [URL]");
            logs.add(new Log(NoteKey.parse(items.get(1)), url(items, 2)));
          }
          case "witness" -> {
            require(items, 3, 4, "witness NAME VKEY [URL]");
            witnesses.add(new Witness(items.get(1), NoteKey.parse(items.get(2)), url(items, 3)));
          }
          case "group" -> {
            require(items, 4, Integer.MAX_VALUE, "group NAME all|any|NUMBER NAME...");
            List<String> members = items.subList(3, items.size());
            groups.add(new Group(items.get(1), least(items.get(2), members), members));
          }
          case "quorum" -> {
            require(items, 2, 2, "quorum NAME|none");
            quorums.add(items.get(1));
          }
          default ->
              throw new IllegalArgumentException(
                  "begins with none of log, witness, group and quorum");
        }
        // What is wrong with the line is told with its number.
        TrustPolicy _ = new TrustPolicy(logs, witnesses, groups, quorum(quorums));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException("line %d: %s".formatted(number, e.getMessage()), e);
      }
    }
    if (quorums.isEmpty()) {
      throw new IllegalArgumentException(
          "has no line that says who must cosign: quorum NAME, or quorum none");
    }
    return new TrustPolicy(logs, witnesses, groups, quorum(quorums));
  }

  private static void require(List<String> items, int least, int most, String form) {
    if (items.size() < least || items.size() > most) {
      throw new IllegalArgumentException("is not of the form " + form);
    }
  }

  private static Optional<String> url(List<String> items, int at) {
    return items.size() > at ? Optional.of(items.get(at)) : Optional.empty();
  }

  private static int least(String text, List<String> members) {
    return switch (text) {
      case "all" -> members.size();
      case "any" -> 1;
      default -> {
        if (!NUMBER.matcher(text).matches()) {
          throw new IllegalArgumentException(
              "is not of the form group NAME all|any|NUMBER NAME...");
        }
        yield Integer.parseInt(text);
      }
    };
  }

  private static Optional<String> quorum(List<String> found) {
    if (found.size() > 1) {
      throw new IllegalArgumentException("is a second line with a quorum");
    }
    return found.stream().filter(name -> !name.equals(NOBODY)).findFirst();
  }

  /** The same for a log with these keys. */
  public TrustPolicy of(List<NoteKey> keys) {
    return new TrustPolicy(
        keys.stream().map(key -> new Log(key, Optional.empty())).toList(),
        witnesses,
        groups,
        quorum);
  }

  /**
   * Whether a note is a checkpoint that counts.
   *
   * @throws IllegalArgumentException if it is no checkpoint
   */
  public boolean accepts(SignedNote note) {
    Checkpoint checkpoint = Checkpoint.parse(note.text());
    return logs.stream()
            .map(Log::key)
            .anyMatch(key -> key.name().equals(checkpoint.origin()) && key.signed(checkpoint, note))
        && isWitnessed(checkpoint, note);
  }

  /**
   * Whether as many witnesses have cosigned a checkpoint as must; who has signed it is not asked.
   */
  public boolean isWitnessed(Checkpoint checkpoint, SignedNote note) {
    Map<String, Boolean> counts = new HashMap<>();
    for (Witness witness : witnesses) {
      counts.put(
          witness.name(),
          witness.key().signed(checkpoint, note)
              && witness.key().in(note).flatMap(witness.key()::signedAt).isPresent());
    }
    for (Group group : groups) {
      counts.put(
          group.name(), group.members().stream().filter(counts::get).count() >= group.least());
    }
    return quorum.map(counts::get).orElse(true);
  }

  /** As {@link #parse} reads it. */
  @Override
  public String toString() {
    Function<Optional<String>, String> url = given -> given.map(" "::concat).orElse("");
    return Stream.of(
            logs.stream().map(log -> "log " + log.key() + url.apply(log.url())),
            witnesses.stream()
                .map(
                    witness ->
                        "witness "
                            + witness.name()
                            + " "
                            + witness.key()
                            + url.apply(witness.url())),
            groups.stream()
                .map(
                    group ->
                        "group %s %s %s"
                            .formatted(
                                group.name(),
                                group.least() == group.members().size() ? "all" : group.least(),
                                String.join(" ", group.members()))),
            Stream.of("quorum " + quorum.orElse(NOBODY)))
        .flatMap(Function.identity())
        .map(line -> line + "\n")
        .reduce("", String::concat);
  }
}
