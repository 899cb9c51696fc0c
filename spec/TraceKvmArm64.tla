---------------------------- MODULE TraceKvmArm64 ----------------------------
(***************************************************************************)
(* KvmArm64 with words of 64 bits, as the trace validator loads it.  It    *)
(* adds no behaviour.  A VM is known by its number, and a CPU by its own.  *)
(***************************************************************************)
EXTENDS KvmArm64

NewHost(switches, isVhe, hasEcv, pcpus, counter) ==
  Host(switches, isVhe, hasEcv, 0 .. pcpus - 1, counter, {})

\* What of a state the actions depend on.
Course == <<hostVars, kvmVars>>

\* What of a state can still matter, to the properties too.
Essence == vars

ReportedProperties ==
  [Monotonic         |-> Monotonic,
   SameLine          |-> SameLine,
   BroadcastComplete |-> BroadcastComplete,
   TrapIsolation     |-> TrapIsolation,
   ClocksAgree       |-> ClocksAgree,
   Idempotent        |-> Idempotent,
   WriteTakesEffect  |-> WriteTakesEffect,
   TimerOnTime       |-> TimerOnTime,
   NoUnderflow       |-> NoUnderflow]
=============================================================================
