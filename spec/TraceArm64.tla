------------------------------ MODULE TraceArm64 ------------------------------
(***************************************************************************)
(* arm64 alone, as the trace validator loads it for a single trace (x86    *)
(* alone is TraceKvmX86).  The parser takes most of the time of a short    *)
(* trace.                                                                  *)
(***************************************************************************)
EXTENDS TraceKvmArm64, Words64

\* TLC needs these to load the module; the validator never searches them.
TraceInit == NewHost(KernelOf(<<6, 12, 0>>, ""), TRUE, FALSE, 1, Zero)
TraceNext == TimePasses(Zero)
=============================================================================
