/**
 * Brings back what clients, retention or the collector removed, or what tags were moved away from,
 * as the record has it and as long as the bytes are kept.
 */
package dev.stele.restore;
