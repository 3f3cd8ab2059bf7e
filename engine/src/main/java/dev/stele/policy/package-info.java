/**
 * Retention policies: which tags a repository keeps, and whether what no tag holds may go. Pure
 * values, without I/O, clock or database.
 */
package dev.stele.policy;
