/**
 * Time stamps (RFC 3161): what an authority is asked, and what its answer shows. Knows nothing of
 * the registry, so that whoever checks evidence needs nothing else.
 */
package dev.stele.timestamp;
