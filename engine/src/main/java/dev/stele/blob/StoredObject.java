package dev.stele.blob;

/** An object in a store and its size in bytes. */
public record StoredObject(ObjectKey key, long size) {}
