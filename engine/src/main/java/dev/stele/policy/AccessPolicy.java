package dev.stele.policy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.stele.event.CanonicalJson;
import dev.stele.oci.RepositoryName;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Who may do what in which repositories. Of the globs that match a repository the closest decides:
 * the one with most characters before its first wildcard and, of several, with most characters that
 * are none. The rules that have it say what may be done there, and no others, so that a rule for
 * {@code payments/**} takes {@code payments} out of what {@code **} grants, and nothing but a glob
 * that also begins so takes it back. What no rule grants is refused; administrators may do
 * everything.
 *
 * <p>What is about any repository, such as a question to the whole record, needs the right
 * everywhere: from the rules of {@code **}, and from those of every other glob. What is about none,
 * such as the metrics, needs it from the rules of {@code **}.
 *
 * <p>Deciding takes a look-up for the 10,000 repositories that were asked of last, and one match a
 * glob for others. Immutable but for that memory, and thread-safe.
 */
public final class AccessPolicy {
  /** The media type of the document that the record keeps of a policy. */
  public static final String MEDIA_TYPE = "application/vnd.stele.access-policy.v1+json";

  /** Anybody may do everything: what counts where nobody can sign in and nothing is configured. */
  public static final AccessPolicy OPEN =
      new AccessPolicy(Default.ANYBODY, Set.of(), Map.of(), List.of(), Persons.ONE);

  /** Whoever signed in may do everything: what counts where nothing is configured. */
  public static final AccessPolicy SIGNED_IN =
      new AccessPolicy(Default.SIGNED_IN, Set.of(), Map.of(), List.of(), Persons.ONE);

  private static final RepositoryGlob EVERYWHERE = RepositoryGlob.parse("**");
  private static final Comparator<RepositoryGlob> CLOSER =
      Comparator.<RepositoryGlob>comparingInt(glob -> glob.beginning().length())
          .thenComparingInt(RepositoryGlob::literals);

  /** What can match a name: nothing in upper case, no slash at either end. */
  private static final Pattern POSSIBLE = Pattern.compile("(?!/)[^A-Z]*(?<!/)");

  private static final String NOBODY = "anonymous";
  private static final String ANYONE = "anyone";
  private static final String ANOTHER = "another";
  private static final int MOST_PERSONS = 9;
  private static final int REMEMBERED = 10_000;

  /** Who may do everything, whatever the rules grant. */
  private enum Default {
    ANYBODY,
    SIGNED_IN,
    ADMINISTRATORS
  }

  private final Default unlimited;
  private final Set<String> administrators;
  private final Map<String, Set<String>> groups;
  private final List<Rule> rules;
  private final Persons persons;

  /** By the glob, the rules that have it. */
  private final Map<RepositoryGlob, List<Rule>> byGlob = new HashMap<>();

  private final Cache<RepositoryName, Deciding> remembered =
      Caffeine.newBuilder().maximumSize(REMEMBERED).build();

  /** What can be done with a repository or its record. */
  public enum Action {
    /** Reading content, now or as it was: manifests, blobs, tags, referrers. */
    PULL,
    /** Uploading blobs, putting manifests, and making tags that are not there. */
    PUSH,
    /** Moving tags that are there. */
    MOVE_TAG,
    /** Deleting tags, manifests and blobs. */
    DELETE,
    /** Placing holds. */
    HOLD,
    /** Releasing holds. */
    RELEASE_HOLD,
    /** Bringing back what was there. */
    RESTORE,
    /** Asking what retention decided, or would decide. */
    RETENTION,
    /** Asking the record: events, history, holds, exposure. */
    READ_RECORD,
    /** Bringing in content with its history. */
    IMPORT,
    /** Reading metrics. */
    METRICS,
    /** What concerns the registry itself: its webhooks, how collecting is doing. */
    ADMIN;

    /** Whether it is about the registry itself, and no repository. */
    boolean ofRegistry() {
      return this == METRICS || this == ADMIN;
    }

    /** As it is written. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static Action parse(String text) {
      for (Action action : values()) {
        if (action.word().equals(text)) {
          return action;
        }
      }
      throw new IllegalArgumentException(
          "must be one of %s, not \"%s\""
              .formatted(
                  Stream.of(values()).map(Action::word).collect(Collectors.joining(", ")), text));
    }
  }

  /**
   * Somebody who asks.
   *
   * @param name absent for who did not sign in
   * @param groups that whoever knows them says they are in, beside those of the policy
   * @param local whether they work on the server's own machine, as the owner of its data
   */
  public record Principal(Optional<String> name, Set<String> groups, boolean local) {
    /** Somebody who did not sign in. */
    public static final Principal ANONYMOUS = new Principal(Optional.empty(), Set.of(), false);

    public Principal {
      groups = Set.copyOf(groups);
    }

    /** Somebody who signed in. */
    public static Principal of(String name) {
      return new Principal(Optional.of(name), Set.of(), false);
    }
  }

  /**
   * Grants some actions in some repositories to some.
   *
   * @param everyone whether all who signed in have them
   * @param anonymous whether even those have them who did not; all others do then, too
   */
  public record Rule(
      List<RepositoryGlob> repositories,
      Set<String> users,
      Set<String> groups,
      boolean everyone,
      boolean anonymous,
      Set<Action> may) {
    public Rule {
      repositories = List.copyOf(repositories);
      users = Set.copyOf(users);
      groups = Set.copyOf(groups);
      may = Set.copyOf(may);
    }
  }

  /** The globs that decide of a repository, which are equally close, and their rules. */
  private record Deciding(List<RepositoryGlob> globs, List<Rule> rules) {}

  /**
   * What was decided, and by what.
   *
   * @param globs the closest that match; none if no glob does, or nobody had to look
   * @param by in words
   */
  public record Decision(boolean allowed, List<RepositoryGlob> globs, String by) {}

  private AccessPolicy(
      Default unlimited,
      Set<String> administrators,
      Map<String, Set<String>> groups,
      List<Rule> rules,
      Persons persons) {
    this.persons = persons;
    this.unlimited = unlimited;
    this.administrators = Set.copyOf(administrators);
    this.groups = Map.copyOf(groups);
    this.rules = List.copyOf(rules);
    for (Rule rule : rules) {
      for (RepositoryGlob glob : rule.repositories()) {
        byGlob.computeIfAbsent(glob, _ -> new ArrayList<>()).add(rule);
      }
    }
  }

  /**
   * What is in force.
   *
   * @param policy that is configured, if one is
   * @param canSignIn whether anybody is asked who they are
   */
  public static AccessPolicy inForce(Optional<AccessPolicy> policy, boolean canSignIn) {
    return policy.orElse(canSignIn ? SIGNED_IN : OPEN);
  }

  /** Whether there is one, rather than everything being allowed since nothing is configured. */
  public boolean isPresent() {
    return unlimited == Default.ADMINISTRATORS;
  }

  public List<Rule> rules() {
    return rules;
  }

  /** How many persons it takes, administrators included. */
  public Persons persons() {
    return persons;
  }

  /**
   * How many persons it takes to do what outranks everything else.
   *
   * @param releasing a hold, not counting whoever placed it; 0 if anybody can alone, who placed it
   *     too
   * @param restoring a whole repository
   */
  public record Persons(int releasing, int restoring) {
    static final Persons ONE = new Persons(0, 1);
  }

  /** Whether somebody may do something in a repository, be it there or not. */
  public boolean allows(Principal who, Action action, RepositoryName repository) {
    return unlimited(who) || grants(deciding(repository).rules(), who, action);
  }

  /**
   * Whether somebody may do something in whatever repository there is or will be; or, of what is
   * about the registry itself, whether the rules of {@code **} grant it.
   */
  public boolean allowsEverywhere(Principal who, Action action) {
    return unlimited(who)
        || (grants(byGlob.getOrDefault(EVERYWHERE, List.of()), who, action)
            && (action.ofRegistry()
                || byGlob.values().stream().allMatch(granting -> grants(granting, who, action))));
  }

  /** Whether it grants anything to who did not sign in. */
  public boolean allowsStrangers() {
    return rules.stream().anyMatch(Rule::anonymous);
  }

  /** Those who are named as administrators, or by a rule or a group. */
  public Set<String> names() {
    Set<String> names = new TreeSet<>(administrators);
    groups.values().forEach(names::addAll);
    rules.forEach(rule -> names.addAll(rule.users()));
    return names;
  }

  /** The groups to which a rule grants something. */
  public Set<String> grantedGroups() {
    return rules.stream().flatMap(rule -> rule.groups().stream()).collect(Collectors.toSet());
  }

  /** Whether somebody may do something in any repository at all. */
  public boolean allowsSomewhere(Principal who, Action action) {
    return unlimited(who) || grants(rules, who, action);
  }

  /** The same as {@link #allows}, with why. */
  public Decision explain(Principal who, Action action, RepositoryName repository) {
    if (!isPresent()) {
      return new Decision(
          unlimited(who), List.of(), "there is no access policy, so whoever may come in may");
    }
    if (unlimited(who)) {
      return new Decision(
          true,
          List.of(),
          who.local() ? "who owns the server's data may do everything" : "an administrator");
    }
    Deciding deciding = deciding(repository);
    if (deciding.globs().isEmpty()) {
      return new Decision(false, List.of(), "no rule is about this repository");
    }
    String decides =
        deciding.globs().stream().map(RepositoryGlob::toString).collect(Collectors.joining(" and "))
            + (deciding.globs().size() == 1 ? " decides" : " decide")
            + ", the closest that matches";
    for (Rule rule : deciding.rules()) {
      Optional<String> why = includes(rule, who);
      if (rule.may().contains(action) && why.isPresent()) {
        return new Decision(
            true,
            deciding.globs(),
            "%s: access.rules[%d] grants it to %s"
                .formatted(decides, rules.indexOf(rule), why.get()));
      }
    }
    return new Decision(
        false, deciding.globs(), decides + ", and none of its rules grants that to them");
  }

  private boolean unlimited(Principal who) {
    return who.local()
        || switch (unlimited) {
          case ANYBODY -> true;
          case SIGNED_IN -> who.name().isPresent();
          case ADMINISTRATORS -> who.name().filter(administrators::contains).isPresent();
        };
  }

  private boolean grants(Collection<Rule> granting, Principal who, Action action) {
    for (Rule rule : granting) {
      if (rule.may().contains(action) && includes(rule, who).isPresent()) {
        return true;
      }
    }
    return false;
  }

  /** To whom a rule grants, of those that somebody is; empty if they are none of them. */
  private Optional<String> includes(Rule rule, Principal who) {
    if (rule.anonymous()) {
      return Optional.of("anybody");
    }
    if (who.name().isEmpty()) {
      return Optional.empty();
    }
    if (rule.everyone()) {
      return Optional.of("everyone who signed in");
    }
    String name = who.name().get();
    if (rule.users().contains(name)) {
      return Optional.of("user " + name);
    }
    for (String group : rule.groups()) {
      if (who.groups().contains(group) || groups.getOrDefault(group, Set.of()).contains(name)) {
        return Optional.of("group " + group);
      }
    }
    return Optional.empty();
  }

  private Deciding deciding(RepositoryName repository) {
    return remembered.get(repository, this::find);
  }

  private Deciding find(RepositoryName repository) {
    List<RepositoryGlob> closest = new ArrayList<>();
    for (RepositoryGlob glob : byGlob.keySet()) {
      int order = closest.isEmpty() ? 1 : CLOSER.compare(glob, closest.getFirst());
      if (order >= 0 && glob.matches(repository)) {
        if (order > 0) {
          closest.clear();
        }
        closest.add(glob);
      }
    }
    closest.sort(Comparator.comparing(RepositoryGlob::toString));
    return new Deciding(
        List.copyOf(closest),
        rules.stream()
            .filter(rule -> rule.repositories().stream().anyMatch(closest::contains))
            .toList());
  }

  /**
   * Reads a policy as it is configured: {@code administrators}, a list of names; {@code groups},
   * lists of names by name; and {@code rules}, a list of {@code {repositories: [team/**], users:
   * [mary], groups: [ops], everyone: true, anonymous: true, may: [pull]}}; and {@code
   * release-holds-by}, {@code another} if that must be another than placed it, or how many others;
   * and {@code restore-repositories-by}, how many persons that takes.
   *
   * @param key by which problems name it
   * @throws InvalidPolicyException saying what is wrong with it, and where
   */
  public static AccessPolicy read(String key, JsonNode node) throws InvalidPolicyException {
    Problems problems = new Problems();
    Section section =
        Section.of(
            key,
            node,
            Set.of(
                "administrators", "groups", "rules", "release-holds-by", "restore-repositories-by"),
            problems);
    Set<String> administrators = names(section, "administrators");
    Map<String, Set<String>> groups = groups(key, node, problems);
    Persons persons =
        new Persons(
            section.value("release-holds-by", AccessPolicy::others).orElse(0),
            section.count("restore-repositories-by", MOST_PERSONS).orElse(1));
    List<Rule> rules = new ArrayList<>();
    Set<String> known = Set.of("repositories", "users", "groups", "everyone", "anonymous", "may");
    for (Item item : section.list("rules")) {
      Section rule = Section.of(item.path(), item.node(), known, problems);
      for (String needed : List.of("repositories", "may")) {
        if (!rule.has(needed)) {
          problems.add(
              item.path()
                  + (needed.equals("may")
                      ? " needs may: a list of actions, such as [pull]"
                      : " needs repositories: a list of globs, such as [team/**]"));
        }
      }
      if (!Stream.of("users", "groups", "everyone", "anonymous").anyMatch(rule::has)) {
        problems.add(item.path() + " needs users, groups, everyone: true or anonymous: true");
      }
      if (!Stream.of("users", "groups").anyMatch(rule::has)
          && !rule.truth("everyone")
          && !rule.truth("anonymous")) {
        problems.add(item.path() + " grants nobody anything");
      }
      List<String> named = rule.texts("groups", AccessPolicy::name);
      named.stream()
          // Whoever is in a group with a colon, somebody else says.
          .filter(group -> group.indexOf(':') < 0 && !groups.containsKey(group))
          .forEach(
              group ->
                  problems.add(
                      "%s.groups: there is no group %s in %s.groups"
                          .formatted(item.path(), group, key)));
      List<RepositoryGlob> repositories = rule.texts("repositories", AccessPolicy::glob);
      Set<Action> may = new HashSet<>(rule.texts("may", Action::parse));
      if (may.stream().anyMatch(Action::ofRegistry) && !repositories.contains(EVERYWHERE)) {
        problems.add(
            item.path() + ": metrics and admin are about no repository, so grant them in \"**\"");
      }
      rules.add(
          new Rule(
              repositories,
              names(rule, "users"),
              new HashSet<>(named),
              rule.truth("everyone"),
              rule.truth("anonymous"),
              may));
    }
    if (administrators.isEmpty() && rules.isEmpty()) {
      problems.add(key + " grants nobody anything; it needs administrators or rules");
    }
    problems.throwIfAny();
    return new AccessPolicy(Default.ADMINISTRATORS, administrators, groups, rules, persons);
  }

  private static Map<String, Set<String>> groups(String key, JsonNode node, Problems problems) {
    JsonNode groups = node.path("groups");
    if (groups.isMissingNode() || groups.isNull()) {
      return Map.of();
    }
    Set<String> names = new TreeSet<>();
    groups.fieldNames().forEachRemaining(names::add);
    Section section = Section.of(key + ".groups", groups, names, problems);
    Map<String, Set<String>> members = new TreeMap<>();
    for (String name : names) {
      if (name.indexOf(':') >= 0) {
        problems.add(
            "%s.groups.%s: who is in a group with a colon says whoever vouches for its members"
                .formatted(key, name));
      }
      members.put(name, names(section, name));
    }
    return members;
  }

  private static Set<String> names(Section section, String key) {
    return new TreeSet<>(section.texts(key, AccessPolicy::name));
  }

  /** A glob that a repository's name can match. */
  private static RepositoryGlob glob(String text) {
    RepositoryGlob glob = RepositoryGlob.parse(text);
    if (!POSSIBLE.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "matches no repository: names are lower case, without a slash at either end; not \"%s\""
              .formatted(text));
    }
    return glob;
  }

  private static int others(String text) {
    return switch (text) {
      case ANYONE -> 0;
      case ANOTHER -> 1;
      default -> {
        if (!text.matches("[1-" + MOST_PERSONS + "]")) {
          throw new IllegalArgumentException(
              "must be %s, %s or how many others, up to %d, not \"%s\""
                  .formatted(ANYONE, ANOTHER, MOST_PERSONS, text));
        }
        yield Integer.parseInt(text);
      }
    };
  }

  /** The name of a user or a group, with a colon in it if somebody else vouches for it. */
  private static String name(String text) {
    if (text.isBlank() || text.indexOf(':') == 0 || !text.equals(text.strip())) {
      throw new IllegalArgumentException(
          "must be a name, which begins with no colon and has no space around it, not \""
              + text
              + "\"");
    }
    if (text.equals(NOBODY)) {
      throw new IllegalArgumentException(
          "%s is nobody's name; grant with anonymous: true".formatted(NOBODY));
    }
    return text;
  }

  /**
   * The policy as the record keeps it: the keys of the configuration in JSON; one policy always has
   * the same bytes. Where there is none, {@code unlimited} says who may do everything.
   */
  public byte[] document() {
    ObjectNode root = JsonNodeFactory.instance.objectNode();
    if (!isPresent()) {
      root.put("unlimited", unlimited == Default.ANYBODY ? "anybody" : "signed-in");
      return CanonicalJson.write(root);
    }
    put(root, "administrators", administrators);
    ObjectNode members = root.putObject("groups");
    groups.forEach((group, names) -> put(members, group, names));
    root.put(
        "release-holds-by",
        switch (persons.releasing()) {
          case 0 -> ANYONE;
          case 1 -> ANOTHER;
          default -> Integer.toString(persons.releasing());
        });
    root.put("restore-repositories-by", persons.restoring());
    ArrayNode list = root.putArray("rules");
    for (Rule rule : rules) {
      ObjectNode one = list.addObject();
      put(one, "repositories", rule.repositories().stream().map(String::valueOf).toList());
      put(one, "users", rule.users());
      put(one, "groups", rule.groups());
      one.put("everyone", rule.everyone());
      one.put("anonymous", rule.anonymous());
      put(one, "may", rule.may().stream().map(Action::word).toList());
    }
    return CanonicalJson.write(root);
  }

  private static void put(ObjectNode node, String key, Collection<String> texts) {
    ArrayNode list = node.putArray(key);
    texts.stream().sorted().forEach(list::add);
  }

  /** Whether it grants the same. */
  @Override
  public boolean equals(Object other) {
    return other instanceof AccessPolicy policy
        && policy.unlimited == unlimited
        && policy.administrators.equals(administrators)
        && policy.groups.equals(groups)
        && policy.rules.equals(rules)
        && policy.persons.equals(persons);
  }

  @Override
  public int hashCode() {
    return Objects.hash(unlimited, administrators, groups, rules, persons);
  }
}
