/**
 * Black-box tests: the server as a process of its own, spoken to over HTTP by a hand-written client
 * and by the clients that people use.
 */
package dev.stele.it;
