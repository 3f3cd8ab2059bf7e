package dev.stele.event;

/** An event's type, and why it happened. */
public record Why(String type, Cause cause) {}
