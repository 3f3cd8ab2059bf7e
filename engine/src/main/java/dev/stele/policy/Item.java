package dev.stele.policy;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A part of a written policy.
 *
 * @param path where it is, such as {@code policies[0]}
 */
record Item(String path, JsonNode node) {}
