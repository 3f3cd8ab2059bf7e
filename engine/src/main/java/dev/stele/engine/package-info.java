/**
 * What a program opens that has the registry within itself: {@link dev.stele.engine.Engine}.
 *
 * <p>Such a program may use the public types of these packages, and of others what their members
 * take and answer, such as {@link dev.stele.log.Moment}:
 *
 * <ul>
 *   <li>{@link dev.stele.engine} and {@link dev.stele.database}, to open and close it;
 *   <li>{@link dev.stele.blob}, the stores, and {@link dev.stele.claim}, whose they are;
 *   <li>{@link dev.stele.registry}, pushes, pulls and the record, but for {@code RegistryParts} and
 *       {@code Commands}, which are the engine's own;
 *   <li>{@link dev.stele.retention}, {@link dev.stele.restore} and {@link dev.stele.history};
 *   <li>{@link dev.stele.oci}, {@link dev.stele.event} and {@link dev.stele.policy}, the values of
 *       all these;
 *   <li>{@link dev.stele.merkle}, the log's tree and what is signed of it;
 *   <li>{@link dev.stele.evidence}, what is given out with its proofs;
 *   <li>{@link dev.stele.timestamp}, when that was seen;
 *   <li>{@link dev.stele.verify} and {@link dev.stele.gc}, what is found wrong and what is
 *       collected.
 * </ul>
 *
 * <p>Nothing here leads to the append lane, so nobody makes an event by mistake. Who opens an
 * engine has the database's password, though, and what that means decision 27 says.
 */
package dev.stele.engine;
