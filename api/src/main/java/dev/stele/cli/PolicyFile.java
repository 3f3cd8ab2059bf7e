package dev.stele.cli;

import dev.stele.policy.InvalidPolicyException;
import dev.stele.policy.RetentionPolicy;
import dev.stele.server.config.PolicyYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the file of a retention policy, as an option's value. */
final class PolicyFile implements ITypeConverter<RetentionPolicy> {
  @Override
  public RetentionPolicy convert(String file) {
    try {
      return PolicyYaml.read(Files.readString(Path.of(file)));
    } catch (InvalidPolicyException e) {
      throw new TypeConversionException(file + " is no retention policy: " + e.getMessage());
    } catch (NoSuchFileException e) {
      throw new TypeConversionException("there is no file " + file);
    } catch (IOException e) {
      throw new TypeConversionException(file + " cannot be read: " + e.getMessage());
    }
  }
}
