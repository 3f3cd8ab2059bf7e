/** Who a request comes from. */
package dev.stele.server.auth;
