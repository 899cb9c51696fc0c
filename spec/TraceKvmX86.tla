----------------------------- MODULE TraceKvmX86 -----------------------------
(***************************************************************************)
(* KvmX86 with words of 64 bits, as the trace validator loads it.  It adds *)
(* no behaviour.  The validator takes a VM's first state from NewVm, and   *)
(* for each event lets time pass to the event's instant (TimePasses) and   *)
(* takes the action that the event names, with the event's arguments.      *)
(***************************************************************************)
EXTENDS KvmX86, Words64

\* Where a log says only between which two instants something happened, what it did can
\* tell the instant.  These are candidates: the action itself decides.

\* A write of value that gave a vCPU offset, if it was not absorbed; for a vCPU that is
\* not scaled.
InstantOfWrite(value, offset) == Sub(value, offset)

\* A read of value through vcpu.
InstantOfRead(vcpu, value) == Sub(value, tscOffset[vcpu])

\* What KvmX86 leaves out, by the name of the action: an event of which this is true is not
\* refused, but nothing can be said of its trace from there on.
NotModelledSetTscKhz(vcpu, khz) == CatchesUp(khz)
NotModelledSetVmTscKhz(khz) == CatchesUp(khz) \/ RateFor(khz).ratio = Zero

\* What a guest and its user may count on, for the report on a trace: a trace can conform to a
\* kernel and still show that the kernel, or the VMM, does not keep it.
Kept == [Monotonic        |-> Monotonic,
         SameLine         |-> SameLine,
         StableIsTrue     |-> StableIsTrue,
         WriteTakesEffect |-> WriteTakesEffect,
         HistoryFree      |-> HistoryFree]

\* TLC wants a specification to load; the validator never searches it.
TraceInit == NewVm(Profiles["v6.12"], 1, 0, TRUE, Zero)
TraceNext == \E vcpu \in online : Step(vcpu, Zero, 1)
=============================================================================
