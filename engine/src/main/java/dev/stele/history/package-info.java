/**
 * What repositories were at any moment of the past, and what became of it. Everything is answered
 * from the views of the log's history, never by replaying it.
 */
package dev.stele.history;
