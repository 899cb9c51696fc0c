---------------------------- MODULE TraceKvmArm64 ----------------------------
(***************************************************************************)
(* KvmArm64 with words of 64 bits, as the trace validator loads it.  It    *)
(* adds no behaviour.  VMs and CPUs are numbers.                           *)
(***************************************************************************)
EXTENDS KvmArm64

NewHost(switches, isVhe, hasEcv, pcpus, counter) ==
  Host(switches, isVhe, hasEcv, 0 .. pcpus - 1, counter, {})

\* The part of a state that the actions depend on.
Course == <<hostVars, kvmVars>>

\* The part of a state that can still matter, to the properties too.
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
