package dev.stele.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.stele.database.Database;
import dev.stele.database.EmbeddedPostgres;
import dev.stele.log.AppendLane;
import dev.stele.log.AsOf;
import dev.stele.log.Command;
import dev.stele.log.LaneWrite;
import dev.stele.log.LogIdentity;
import dev.stele.log.Moment;
import dev.stele.projection.Approval;
import dev.stele.projection.Hold;
import dev.stele.projection.ManifestDocuments;
import dev.stele.projection.ProgressListener;
import dev.stele.projection.ProjectionRunner;
import dev.stele.projection.PutDocuments;
import dev.stele.projection.RecordDocuments;
import dev.stele.projection.Robot;
import dev.stele.projection.Session;
import dev.stele.projection.TagView;
import dev.stele.projection.Verification;
import dev.stele.registry.Commands;
import dev.stele.registry.Registry;
import dev.stele.registry.RegistryParts;
import dev.stele.restore.Restore;
import dev.stele.retention.Retention;
import java.io.IOException;
import java.lang.reflect.Executable;
import java.lang.reflect.Field;
import java.lang.reflect.GenericArrayType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.lang.reflect.TypeVariable;
import java.lang.reflect.WildcardType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What a program can come to that has an engine, member by public member. */
class EngineReachTest {
  /** Of the log and the views, what others' members take and answer. */
  private static final Set<Class<?>> VALUES_BENEATH =
      Set.of(
          AsOf.class,
          Approval.class,
          LogIdentity.class,
          Moment.class,
          Hold.class,
          ProgressListener.class,
          Robot.class,
          Session.class,
          PutDocuments.class,
          RecordDocuments.class,
          TagView.class,
          Verification.class);

  /** The way by which each type was come to. */
  private final Map<Class<?>, String> reached = new LinkedHashMap<>();

  private final Deque<Class<?>> open = new ArrayDeque<>();

  @Test
  void nothingLeadsToTheLane() {
    reachFrom(Engine.class);
    assertThat(reached).containsKeys(Registry.class, Retention.class, Restore.class);
    assertThat(reached)
        .doesNotContainKeys(
            RegistryParts.class,
            Commands.class,
            AppendLane.class,
            Command.class,
            Command.Decision.class,
            LaneWrite.class,
            ManifestDocuments.class,
            ProjectionRunner.class);
  }

  @Test
  void everythingIsWhereAProgramMayUseIt() throws IOException {
    reachFrom(Engine.class, Database.class, EmbeddedPostgres.class);
    assertThat(
            reached.keySet().stream()
                .filter(type -> !VALUES_BENEATH.contains(type.getNestHost()))
                .map(Class::getPackageName))
        .isSubsetOf(documented());
    assertThat(reached.keySet()).extracting(Class::getNestHost).containsAll(VALUES_BENEATH);
  }

  /** The packages of which {@code package-info.java} says that a program may use them. */
  private static Set<String> documented() throws IOException {
    String documentation =
        Files.readString(Path.of("src/main/java/dev/stele/engine/package-info.java"));
    String list =
        documentation.substring(documentation.indexOf("<ul>"), documentation.indexOf("</ul>"));
    return Pattern.compile("\\{@link (dev\\.stele\\.[a-z]+)}")
        .matcher(list)
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toSet());
  }

  /** The test sees what it looks for where it is handed out. */
  @Test
  void whatLeadsToTheLaneIsFound() {
    reachFrom(RegistryParts.class);
    assertThat(reached).containsKeys(Commands.class, Command.class, Command.Decision.class);
  }

  private void reachFrom(Class<?>... starts) {
    for (Class<?> start : starts) {
      add(start, start.getSimpleName());
    }
    while (!open.isEmpty()) {
      Class<?> type = open.pop();
      String way = reached.get(type);
      add(type.getGenericSuperclass(), way);
      Arrays.stream(type.getGenericInterfaces()).forEach(each -> add(each, way));
      if (type.isSealed()) {
        Arrays.stream(type.getPermittedSubclasses()).forEach(each -> add(each, way));
      }
      Arrays.stream(type.getClasses()).forEach(each -> add(each, way));
      for (Field field : type.getFields()) {
        add(field.getGenericType(), way + "." + field.getName());
      }
      for (Method method : type.getMethods()) {
        add(method, way);
      }
    }
  }

  private void add(Executable member, String way) {
    String further = way + "." + member.getName();
    if (member instanceof Method method) {
      add(method.getGenericReturnType(), further);
    }
    Arrays.stream(member.getGenericParameterTypes()).forEach(each -> add(each, further));
    Arrays.stream(member.getGenericExceptionTypes()).forEach(each -> add(each, further));
  }

  private void add(Type type, String way) {
    switch (type) {
      case null -> {}
      case Class<?> known -> {
        Class<?> plain = known.isArray() ? known.componentType() : known;
        if (plain.getName().startsWith("dev.stele.")
            && Modifier.isPublic(plain.getModifiers())
            && reached.putIfAbsent(plain, way) == null) {
          open.add(plain);
        }
      }
      case ParameterizedType parameterized -> {
        add(parameterized.getRawType(), way);
        addAll(way, parameterized.getActualTypeArguments());
      }
      case GenericArrayType array -> add(array.getGenericComponentType(), way);
      case WildcardType wildcard -> {
        addAll(way, wildcard.getLowerBounds());
        addAll(way, wildcard.getUpperBounds());
      }
      case TypeVariable<?> variable ->
          Arrays.stream(variable.getBounds())
              .filter(Class.class::isInstance) // others may name the variable again
              .forEach(bound -> add(bound, way));
      default -> throw new IllegalArgumentException("what is " + type + "?");
    }
  }

  private void addAll(String way, Type... types) {
    Arrays.stream(types).forEach(each -> add(each, way));
  }
}
