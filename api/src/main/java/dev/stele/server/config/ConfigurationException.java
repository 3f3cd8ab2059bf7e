package dev.stele.server.config;

/** The configuration cannot be used. The message names the key and says what is allowed. */
public final class ConfigurationException extends Exception {
  public ConfigurationException(String message) {
    super(message);
  }

  public ConfigurationException(String message, Throwable cause) {
    super(message, cause);
  }
}
