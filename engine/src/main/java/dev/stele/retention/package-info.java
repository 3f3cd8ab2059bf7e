/**
 * Retention: what a policy removes from the repositories, and why. Deciding is a pure function of a
 * policy, the facts of a repository as of a position, and a time ({@code Evaluation}), so that
 * every decision can be made again from the record; {@link dev.stele.retention.Retention} records
 * decisions and carries them out.
 */
package dev.stele.retention;
