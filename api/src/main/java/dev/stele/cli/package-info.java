/** The command line. Mistakes of the user are one line on standard error, without a stack trace. */
package dev.stele.cli;
