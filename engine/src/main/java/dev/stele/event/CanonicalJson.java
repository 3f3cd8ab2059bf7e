package dev.stele.event;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;

/**
 * Writes JSON in the one form that RFC 8785 (JSON Canonicalization Scheme) allows, for the values
 * that the log uses: objects, arrays, strings, booleans, null and integers of at most 53 bits.
 * Floating-point numbers are refused. Stateless and thread-safe.
 */
public final class CanonicalJson {
  private static final long MAX_SAFE_INTEGER = (1L << 53) - 1;

  private CanonicalJson() {}

  /**
   * The canonical bytes (UTF-8, no white space, keys sorted by UTF-16 code units).
   *
   * @throws IllegalArgumentException if the tree has a value that has no canonical form
   */
  public static byte[] write(JsonNode node) {
    StringBuilder out = new StringBuilder(512);
    write(node, out);
    return out.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Text from outside may hold lone surrogates, which UTF-8 cannot: they become question marks. */
  static String wellFormed(String text) {
    return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
  }

  private static void write(JsonNode node, StringBuilder out) {
    switch (node.getNodeType()) {
      case OBJECT -> writeObject(node, out);
      case ARRAY -> {
        out.append('[');
        for (int i = 0; i < node.size(); i++) {
          if (i > 0) {
            out.append(',');
          }
          write(node.get(i), out);
        }
        out.append(']');
      }
      case STRING -> writeString(node.textValue(), out);
      case BOOLEAN -> out.append(node.booleanValue());
      case NULL -> out.append("null");
      case NUMBER -> {
        if (!node.isIntegralNumber() || Math.abs(node.longValue()) > MAX_SAFE_INTEGER) {
          throw new IllegalArgumentException(
              "not canonical: " + node + " is not an integer of at most 53 bits");
        }
        out.append(node.longValue());
      }
      case BINARY, MISSING, POJO ->
          throw new IllegalArgumentException("not canonical: a " + node.getNodeType() + " node");
    }
  }

  private static void writeObject(JsonNode node, StringBuilder out) {
    Map<String, JsonNode> sorted = new TreeMap<>();
    node.properties().forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
    out.append('{');
    String separator = "";
    for (Map.Entry<String, JsonNode> entry : sorted.entrySet()) {
      out.append(separator);
      separator = ",";
      writeString(entry.getKey(), out);
      out.append(':');
      write(entry.getValue(), out);
    }
    out.append('}');
  }

  private static void writeString(String text, StringBuilder out) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\b' -> out.append("\\b");
        case '\t' -> out.append("\\t");
        case '\n' -> out.append("\\n");
        case '\f' -> out.append("\\f");
        case '\r' -> out.append("\\r");
        default -> {
          if (c < 0x20) {
            out.append("\\u00").append(HexFormat.of().toHexDigits((byte) c));
          } else if (Character.isSurrogate(c)) {
            i = writeSurrogatePair(text, i, out);
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  private static int writeSurrogatePair(String text, int i, StringBuilder out) {
    if (i + 1 >= text.length() || !Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
      throw new IllegalArgumentException("not canonical: a lone surrogate at index " + i);
    }
    out.append(text, i, i + 2);
    return i + 1;
  }
}
