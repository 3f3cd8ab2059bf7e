package dev.stele.question;

import dev.stele.policy.AccessPolicy.Action;
import dev.stele.server.http.Need;
import dev.stele.server.http.QueryString;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A question to the record. Immutable and thread-safe.
 *
 * @param <R> a row of the answer: a record, whose components are the keys of its JSON
 */
public final class Question<R> {
  /** Says in which form the answer is to come; all questions have it. */
  public static final Parameter<String> FORMAT = Parameter.text("format");

  /** The key of the rows in the JSON of a page. */
  public static final String ITEMS = "items";

  /** The key of the address of the next page. */
  public static final String NEXT = "next";

  /** The key of the names of the columns, where a row is a list of cells. */
  public static final String COLUMNS = "columns";

  private final String name;
  private final String address;
  private final boolean list;
  private final Columns<R> columns;
  private final Columns<R> table;
  private final Set<String> parameters;
  private final boolean posted;
  private final Need need;
  private final Function<Asked, Answer<R>> answer;

  private Question(
      String name,
      String address,
      boolean list,
      Columns<R> columns,
      Columns<R> table,
      Set<String> parameters,
      boolean posted,
      Need need,
      Function<Asked, Answer<R>> answer) {
    this.name = name;
    this.address = address;
    this.list = list;
    this.columns = columns;
    this.table = table;
    this.parameters = parameters;
    this.posted = posted;
    this.need = need;
    this.answer = answer;
  }

  /**
   * A question whose answer is a list.
   *
   * @param name as the command line calls it
   * @param address the template of its address
   * @param parameters all that it has
   */
  static <R> Question<R> list(
      String name,
      String address,
      Columns<R> columns,
      List<Parameter<?>> parameters,
      Function<Asked, Answer<R>> answer) {
    return new Question<>(
        name, address, true, columns, columns, names(parameters), false, record(address), answer);
  }

  /** A question whose answer is one thing. */
  static <R> Question<R> one(
      String name,
      String address,
      Columns<R> columns,
      List<Parameter<?>> parameters,
      Function<Asked, Answer<R>> answer) {
    return new Question<>(
        name, address, false, columns, columns, names(parameters), false, record(address), answer);
  }

  /** The same question, of whose rows people see other columns than programs do. */
  Question<R> shown(Columns<R> shown) {
    return new Question<>(name, address, list, columns, shown, parameters, posted, need, answer);
  }

  /** The same question, of which a part is sent along, since it is too long for an address. */
  Question<R> posted() {
    return new Question<>(name, address, list, columns, table, parameters, true, need, answer);
  }

  /** The same question, which needs something else than to read the record where it is asked. */
  Question<R> needing(Need other) {
    return new Question<>(name, address, list, columns, table, parameters, posted, other, answer);
  }

  /** The same question, which needs another right where it is asked. */
  Question<R> needing(Action action) {
    return needing(need.of(action));
  }

  /** The same question, which with a repository as its parameter speaks of that one alone. */
  Question<R> confined() {
    return needing(Need.confined(Action.READ_RECORD));
  }

  private static Need record(String address) {
    return address.contains("{name}")
        ? Need.inRepository(Action.READ_RECORD)
        : Need.everywhere(Action.READ_RECORD);
  }

  /**
   * The same question, where an answer without rows says what it was asked about and the record has
   * never heard of.
   *
   * @param unknown a sentence on that; empty if the record knows all of it
   */
  Question<R> noting(Function<Asked, Optional<String>> unknown) {
    Function<Asked, Answer<R>> noted =
        asked -> {
          Answer<R> page = answer.apply(asked);
          // What is nowhere on record is for whoever may read all of it to know.
          return page.rows().isEmpty() && asked.everywhere()
              ? unknown.apply(asked).map(page::end).orElse(page)
              : page;
        };
    return new Question<>(name, address, list, columns, table, parameters, posted, need, noted);
  }

  private static Set<String> names(List<Parameter<?>> parameters) {
    Set<String> names = new TreeSet<>();
    parameters.forEach(parameter -> names.add(parameter.name()));
    return names;
  }

  public String name() {
    return name;
  }

  public String address() {
    return address;
  }

  /** Whether the answer is a list, of which the rows stand under {@link #ITEMS}. */
  public boolean list() {
    return list;
  }

  /** Whether it is asked by a POST, with something in the body. */
  public boolean isPosted() {
    return posted;
  }

  /** What whoever asks must be allowed to do. */
  public Need need() {
    return need;
  }

  /** The names of its parameters, in alphabetical order, without those in the address. */
  public Set<String> parameters() {
    return parameters;
  }

  /** A column for each field of a row. */
  public Columns<R> columns() {
    return columns;
  }

  /** What people see. */
  public Columns<R> table() {
    return table;
  }

  /**
   * Asks.
   *
   * @throws dev.stele.server.http.RefusedRequestException saying what is wrong with the question,
   *     or that what it is about is not on record
   * @throws dev.stele.oci.InvalidNameException for what is no name, digest or moment
   */
  public Answer<R> ask(Asked asked) {
    Set<String> known = new TreeSet<>(parameters);
    known.add(FORMAT.name());
    asked.query().refuseOthers(known);
    return answer.apply(asked);
  }

  /** An answer as JSON has it. */
  public Object json(Asked asked, Answer<R> page) {
    return json(list, page, next(asked, page));
  }

  /**
   * An answer as JSON has it.
   *
   * @param list whether it is a list, rather than one thing
   * @param next the address of the page that follows
   */
  public static <R> Object json(boolean list, Answer<R> page, Optional<String> next) {
    return list ? page(page, Map.of(), page.rows(), next) : page.rows().getFirst();
  }

  /**
   * An answer for a program that prints it: the names of the columns, and of each row the cells.
   *
   * @param cells of a row
   */
  public static <R> Object cells(
      Answer<R> page,
      Columns<R> columns,
      BiFunction<Columns<R>, R, List<Optional<Object>>> cells,
      Optional<String> next) {
    return page(
        page,
        Map.of(COLUMNS, columns.names()),
        page.rows().stream().map(row -> cells.apply(columns, row)).toList(),
        next);
  }

  private static Map<String, Object> page(
      Answer<?> page, Map<String, Object> more, List<?> items, Optional<String> next) {
    Map<String, Object> json = new LinkedHashMap<>(page.about());
    json.putAll(more);
    json.put(ITEMS, items);
    next.ifPresent(address -> json.put(NEXT, address));
    return json;
  }

  /** The address of the page that follows. */
  public Optional<String> next(Asked asked, Answer<R> page) {
    return page.next().isEmpty()
        ? Optional.empty()
        : Optional.of(
            asked.prefix() + address(asked.path()) + "?" + following(asked, page).query());
  }

  /** What asks for the page that follows. */
  public Asked following(Asked asked, Answer<R> page) {
    QueryString query = asked.query();
    for (Map.Entry<String, Optional<String>> parameter : page.next().entrySet()) {
      String name = parameter.getKey();
      Optional<String> value = parameter.getValue();
      query = value.isPresent() ? query.with(name, value.get()) : query.without(name);
    }
    return new Asked(asked.path(), query, asked.body(), asked.access(), asked.prefix());
  }

  private String address(Map<String, String> path) {
    List<String> segments = new ArrayList<>();
    for (String segment : address.split("/", -1)) {
      segments.add(
          segment.startsWith("{") ? path.get(segment.substring(1, segment.length() - 1)) : segment);
    }
    return String.join("/", segments);
  }
}
