/** The HTTP server: which request goes where, who sent it, and what becomes of errors. */
package dev.stele.server;
