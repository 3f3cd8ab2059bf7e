package dev.stele.cli;

import dev.stele.event.RobotName;
import dev.stele.log.Moment;
import dev.stele.oci.RepositoryName;
import dev.stele.oci.Tag;
import dev.stele.policy.AccessPolicy.Action;
import dev.stele.policy.Durations;
import dev.stele.policy.RepositoryGlob;
import dev.stele.policy.TagGlob;
import dev.stele.question.DigestText;
import dev.stele.question.HoldRow;
import java.time.Duration;
import java.util.UUID;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** How names, globs, digests, moments and durations are written on the command line. */
final class RecordTypes {
  private RecordTypes() {}

  /** A tag of a repository, written {@code team/app:v1}. */
  record TagName(RepositoryName repository, Tag tag) {
    static TagName parse(String text) {
      int colon = text.lastIndexOf(':');
      if (colon < 0) {
        throw new TypeConversionException(
            "a tag is written with its repository, such as team/app:v1, not '" + text + "'");
      }
      return new TagName(
          RepositoryName.parse(text.substring(0, colon)), Tag.parse(text.substring(colon + 1)));
    }

    @Override
    public String toString() {
      return repository + ":" + tag;
    }
  }

  /** Teaches a command line, with the commands that it has by now. */
  static CommandLine register(CommandLine commandLine) {
    return commandLine
        .setCaseInsensitiveEnumValuesAllowed(true)
        .registerConverter(RepositoryName.class, converter(RepositoryName::parse))
        .registerConverter(Tag.class, converter(Tag::parse))
        .registerConverter(TagName.class, converter(TagName::parse))
        .registerConverter(RepositoryGlob.class, converter(RecordTypes::glob))
        .registerConverter(TagGlob.class, converter(TagGlob::parse))
        .registerConverter(DigestText.class, converter(DigestText::parse))
        .registerConverter(Action.class, converter(RecordTypes::action))
        .registerConverter(RobotName.class, converter(RobotName::parse))
        .registerConverter(Moment.class, converter(Moment::parse))
        .registerConverter(UUID.class, converter(RecordTypes::hold))
        .registerConverter(Duration.class, converter(Durations::parse));
  }

  private static Action action(String text) {
    try {
      return Action.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(e.getMessage());
    }
  }

  /** Tables shorten nothing of an id, so nobody needs the beginning of one. */
  private static UUID hold(String text) {
    try {
      return HoldRow.id(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException(
          "'" + text + "' is no hold's id: use the whole id, as `stele hold list` prints it");
    }
  }

  private static RepositoryGlob glob(String text) {
    RepositoryGlob glob;
    try {
      glob = RepositoryGlob.parse(text);
    } catch (IllegalArgumentException e) {
      throw new TypeConversionException("'" + text + "' " + e.getMessage());
    }
    glob.only().ifPresent(RepositoryName::parse);
    return glob;
  }

  private static <T> ITypeConverter<T> converter(Function<String, T> parser) {
    return text -> {
      try {
        return parser.apply(text);
      } catch (IllegalArgumentException e) {
        throw new TypeConversionException(e.getMessage());
      }
    };
  }
}
