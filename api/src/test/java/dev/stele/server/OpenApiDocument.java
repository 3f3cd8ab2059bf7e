package dev.stele.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * An OpenAPI document, as far as a test needs it to make requests and to judge the answers. Answers
 * may have no field that their schema does not list.
 */
final class OpenApiDocument {
  private static final JsonSchemaFactory SCHEMAS =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012);
  private static final SchemaValidatorsConfig STRICT =
      SchemaValidatorsConfig.builder().formatAssertionsEnabled(true).build();
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ObjectNode root;

  /** Reads YAML. */
  OpenApiDocument(byte[] yaml) throws IOException {
    root = (ObjectNode) new YAMLMapper().readTree(yaml);
    close(root.get("components").get("schemas"));
    close(root.get("paths"));
  }

  /** Adds to each schema with listed fields that there are no others. */
  private static void close(JsonNode node) {
    node.forEach(OpenApiDocument::close);
    if (node instanceof ObjectNode object
        && object.path("type").asText().equals("object")
        && object.has("properties")) {
      object.put("unevaluatedProperties", false);
    }
  }

  JsonNode resolve(JsonNode node) {
    return node.has("$ref") ? resolve(root.at(node.get("$ref").asText().substring(1))) : node;
  }

  /** A parameter with its example. */
  record Parameter(String name, String in, boolean required, Optional<String> example) {}

  /** A method at an address. */
  final class Operation {
    private final String method;
    private final String template;
    private final JsonNode node;

    private Operation(String method, String template, JsonNode node) {
      this.method = method;
      this.template = template;
      this.node = node;
    }

    String method() {
      return method;
    }

    String template() {
      return template;
    }

    List<Parameter> parameters() {
      List<Parameter> parameters = new ArrayList<>();
      for (JsonNode reference : node.path("parameters")) {
        JsonNode parameter = resolve(reference);
        parameters.add(
            new Parameter(
                parameter.get("name").asText(),
                parameter.get("in").asText(),
                parameter.path("required").asBoolean(),
                Optional.ofNullable(parameter.get("example")).map(JsonNode::asText)));
      }
      return parameters;
    }

    /** The values of all parameters that have an example. */
    Map<String, String> examples() {
      Map<String, String> values = new LinkedHashMap<>();
      parameters().forEach(p -> p.example().ifPresent(value -> values.put(p.name(), value)));
      return values;
    }

    /** The example of the body, where the operation has one. */
    Optional<String> body() {
      JsonNode content = resolve(node.path("requestBody")).path("content");
      return content.isEmpty()
          ? Optional.empty()
          : Optional.of(content.elements().next().get("example"))
              .map(example -> example.isTextual() ? example.asText() : example.toString());
    }

    /** The media type of that body. */
    Optional<String> bodyType() {
      JsonNode content = resolve(node.path("requestBody")).path("content");
      return content.isEmpty() ? Optional.empty() : Optional.of(content.fieldNames().next());
    }

    /** Path and query with these values in the places of the parameters. */
    String address(Map<String, String> values) {
      String path = template;
      List<String> query = new ArrayList<>();
      for (Parameter parameter : parameters()) {
        String value = values.get(parameter.name());
        switch (parameter.in()) {
          case "path" -> path = path.replace("{" + parameter.name() + "}", value);
          case "query" -> {
            if (value != null) {
              query.add(parameter.name() + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8));
            }
          }
          default -> {}
        }
      }
      return query.isEmpty() ? path : path + "?" + String.join("&", query);
    }

    /** What is wrong with an answer; empty if it is as documented. */
    String problems(int status, String contentType, byte[] body) throws IOException {
      JsonNode responses = node.get("responses");
      JsonNode response =
          resolve(
              responses.has("" + status) ? responses.get("" + status) : responses.path("default"));
      if (response.isMissingNode()) {
        return "the status is not documented";
      }
      JsonNode content = response.path("content");
      String type = contentType.replaceAll(" *;.*", "");
      JsonNode described = content.has(type) ? content.get(type) : content.path("*/*");
      if (described.isMissingNode()) {
        return "the media type " + type + " is not documented";
      }
      ObjectNode schema = described.get("schema").deepCopy();
      schema.set("components", root.get("components"));
      JsonNode value =
          type.endsWith("json")
              ? JSON.readTree(body)
              : JSON.valueToTree(new String(body, StandardCharsets.UTF_8));
      return SCHEMAS.getSchema(schema, STRICT).validate(value).stream()
          .map(ValidationMessage::getMessage)
          .collect(Collectors.joining("\n"));
    }

    @Override
    public String toString() {
      return method + " " + template;
    }
  }

  /** Every operation, in the order of the document. */
  List<Operation> operations() {
    List<Operation> operations = new ArrayList<>();
    root.get("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .properties()
                    .forEach(
                        method ->
                            operations.add(
                                new Operation(
                                    method.getKey().toUpperCase(Locale.ROOT),
                                    path.getKey(),
                                    method.getValue()))));
    return operations;
  }

  /** References to what is not there, and operations that share their name. */
  List<String> mistakes() {
    List<String> mistakes = new ArrayList<>();
    root.findValues("$ref").stream()
        .map(JsonNode::asText)
        .filter(reference -> root.at(reference.substring(1)).isMissingNode())
        .forEach(mistakes::add);
    TreeSet<String> names = new TreeSet<>();
    for (Operation operation : operations()) {
      String name = operation.node.path("operationId").asText();
      if (name.isEmpty() || !names.add(name)) {
        mistakes.add("operationId of " + operation);
      }
    }
    return mistakes;
  }
}
