/**
 * The views: everything that the registry knows of its present and past, computed from the log.
 * Each class is one view: its tables, how events change them, and the questions it answers. A view
 * can be dropped and rebuilt; {@link dev.stele.projection.Verification} shows that the result is
 * the same.
 */
package dev.stele.projection;
