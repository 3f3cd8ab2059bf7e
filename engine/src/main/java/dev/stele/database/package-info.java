/**
 * The PostgreSQL beneath: an embedded server of our own, or a configured one; migrations, the
 * connection pool, the runtime role.
 */
package dev.stele.database;
