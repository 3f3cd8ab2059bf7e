/** Sends events to whatever collects what happens on many machines. */
package dev.stele.server.syslog;
