---------------------------- MODULE TraceKvmArm64 ----------------------------
(***************************************************************************)
(* KvmArm64 with words of 64 bits, as the trace validator loads it.  It    *)
(* adds no behaviour.  A VM is known by its number, and a CPU by its own.  *)
(***************************************************************************)
EXTENDS KvmArm64

\* Where a log says only between which two instants something happened, what it did can tell the
\* instant.  These are candidates: the action itself decides.

\* A set of value that gave the VM offset; a creation is a set of 0.
InstantOfSet(value, offset) == Add(value, offset)

\* A read of value by vcpu, of the virtual or the physical counter, outside the guest ...
InstantOfGet(vcpu, value)  == Add(value, VirtualOffset(vcpu))
InstantOfPGet(vcpu, value) == Add(value, PhysicalOffset(vcpu))

\* ... and in it.
InstantOfRead(vcpu, value)  == Sub(cntpct, Sub(Cntvct(vcpu), value))
InstantOfPRead(vcpu, value) == Sub(cntpct, Sub(Cntpct(vcpu), value))

NewHost(switches, isVhe, hasEcv, pcpus, counter) ==
  Host(switches, isVhe, hasEcv, 0 .. pcpus - 1, counter, {})

\* What of a state the actions depend on.
Course == <<hostVars, kvmVars>>

\* What of a state can still matter, to the properties too.
Essence == vars

Kept == [Monotonic         |-> Monotonic,
         SameLine          |-> SameLine,
         BroadcastComplete |-> BroadcastComplete,
         TrapIsolation     |-> TrapIsolation,
         ClocksAgree       |-> ClocksAgree,
         Idempotent        |-> Idempotent,
         WriteTakesEffect  |-> WriteTakesEffect,
         TimerOnTime       |-> TimerOnTime,
         NoUnderflow       |-> NoUnderflow]
=============================================================================
