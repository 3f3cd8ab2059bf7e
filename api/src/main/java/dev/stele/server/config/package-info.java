/** The configuration: one YAML file, each key also as an environment variable. */
package dev.stele.server.config;
