/**
 * The OCI distribution API: one class for each kind of resource, over {@link
 * dev.stele.registry.Registry}. What each address means is in {@link
 * dev.stele.server.distribution.DistributionRoute}, what each refusal is answered with in {@link
 * dev.stele.server.distribution.Refusals}.
 */
package dev.stele.server.distribution;
