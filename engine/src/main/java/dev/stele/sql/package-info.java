/**
 * How the engine's values stand in the database, and how many of them go there at once. Knows no
 * table.
 */
package dev.stele.sql;
