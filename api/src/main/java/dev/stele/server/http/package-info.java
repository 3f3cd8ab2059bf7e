/**
 * What every HTTP resource needs: strict paths and query strings, the exchange of one request and
 * its answer, errors in the distribution specification's form, ranges and pages. Knows nothing of
 * what the registry does.
 */
package dev.stele.server.http;
