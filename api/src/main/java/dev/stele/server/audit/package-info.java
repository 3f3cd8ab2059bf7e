/** What auditors and operators ask: the record, and whether the server is well. */
package dev.stele.server.audit;
