package dev.stele.cli;

import dev.stele.policy.InvalidPolicyException;
import dev.stele.policy.PolicyDocument;
import dev.stele.policy.RetentionPolicy;
import dev.stele.server.config.PolicyYaml;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the file of a retention policy, as an option's value. */
final class PolicyFile implements ITypeConverter<RetentionPolicy> {
  /** What is asked under a policy; null for the one in force. */
  static Asking with(RetentionPolicy policy, Asking asking) {
    return asking.body(
        policy == null ? "" : new String(PolicyDocument.write(policy), StandardCharsets.UTF_8));
  }

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
