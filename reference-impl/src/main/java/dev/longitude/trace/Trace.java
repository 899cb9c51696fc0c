package dev.longitude.trace;

import com.google.common.collect.ImmutableList;

/** A whole trace. */
public record Trace(TraceHeader header, ImmutableList<TraceEvent> events) {}
