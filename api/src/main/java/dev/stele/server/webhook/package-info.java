/** Delivers events by HTTP, as CloudEvents that are signed as Standard Webhooks asks. */
package dev.stele.server.webhook;
