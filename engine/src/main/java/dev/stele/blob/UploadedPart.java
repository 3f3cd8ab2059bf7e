package dev.stele.blob;

/**
 * A part of a multipart upload that the bucket has. Its number is its place in the list of parts,
 * counted from 1.
 *
 * @param etag what the bucket called it; completing names it, so a part that another request
 *     replaced meanwhile is noticed
 */
record UploadedPart(long size, String etag) {}
