/**
 * Holds the log against itself and against the blob stores, and says what is wrong. Changes
 * nothing.
 */
package dev.stele.verify;
