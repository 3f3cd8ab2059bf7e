/**
 * The log as a tree whose root stands for every byte of every leaf (RFC 6962), kept in tiles (C2SP
 * tlog-tiles), with what shows that a leaf is in it and that a later tree begins with an earlier
 * one. Knows nothing of databases and events.
 */
package dev.stele.merkle;
