----------------------------- MODULE TraceKvmX86 -----------------------------
(***************************************************************************)
(* KvmX86 with words of 64 bits, as the trace validator loads it.  It adds *)
(* no behaviour.  The validator takes a VM's first state from NewVm, and   *)
(* for each event lets time pass to the event's instant (TimePasses) and   *)
(* takes the action that the event names, with the event's arguments.      *)
(***************************************************************************)
EXTENDS KvmX86, Words64

IsOnline(vcpu) == vcpu \in online

\* The offset that vcpu has.
OffsetOf(vcpu) == tscOffset[vcpu]

\* The rate, kHz, that vcpu has, or gets when it is created.
RateAfter(vcpu) == IF vcpu \in online THEN virtualTscKhz[vcpu] ELSE RateFor(defaultTscKhz).khz

\* Time passes until KVM reads the host's TSC, at tsc, and then the base clock, when the TSC is
\* nsTsc.  KVM reads both at a TSC write, and before it writes a page that does not follow the
\* masterclock.  (KvmX86 reads both at one instant.)
TimePassesBetweenReads(tsc, nsTsc, ns, realtime) ==
  /\ IsWord(tsc) /\ IsWord(nsTsc) /\ IsWord(ns) /\ IsWord(realtime)
  /\ ~Before(tsc, hostTsc) /\ ~Before(nsTsc, tsc) /\ ~Before(ns, hostNs)
  /\ (tscClocksource /\ ~kernel.slewedBaseClock) => KeepsPace(clocksourceKhz, Sub(nsTsc, paceTsc), Sub(ns, paceNs))
  /\ hostTsc' = tsc /\ hostNs' = ns /\ hostRealtime' = realtime
  /\ reply' = [op |-> "TimePasses"]
  /\ UNCHANGED <<fixedVars, tscClocksource, tscUnstable, paceTsc, paceNs, kvmVars, seenVars>>

\* Time passes, and KVM does not read the base clock.  (Its value stays open until KVM does.)
TscPasses(tsc, realtime) ==
  /\ IsWord(tsc) /\ IsWord(realtime)
  /\ ~Before(tsc, hostTsc)
  /\ hostTsc' = tsc /\ hostRealtime' = realtime
  /\ reply' = [op |-> "TimePasses"]
  /\ UNCHANGED <<fixedVars, hostNs, tscClocksource, tscUnstable, paceTsc, paceNs, kvmVars, seenVars>>

\* The part of a state that the actions depend on.  lastGuestTsc matters only once the host's TSC
\* is unstable, and before that a log does not show it.
Course ==
  <<hostVars, lastVars, curVars, nrVcpusMatched, userSetTsc, tscOffset, thisVars, rateVars, tscAdjust,
    timerVars, useMasterClock, lossPending, masterKernelNs, masterCycleNow, kvmclockOffset, oddVars, pvclock, requestVars,
    callVars, inGuest, guestLastClock, IF tscUnstable THEN lastGuestTsc ELSE << >> >>

\* Is everything in the state shown by events?
NothingHidden ==
  /\ clockTaken = {} /\ ~setClockBegun /\ tscTaken = << >> /\ entering = {} /\ guestLastClock = {}
  /\ tscDeadlineMode = {} /\ userDeadline = {}

\* The part of a state that can still matter, to the properties too.
Essence == <<Course, updatedGeneration, reply, guestSeen, clockSeen, userOffset, userDeadline>>

\* What KvmX86 leaves out, by the name of the action.  Where this is true of an event, the
\* validator does not refuse it, but judges nothing of the trace from there on.
NotModelledCreateVcpu(vcpu) == RateFor(defaultTscKhz).ratio = Zero

\* The properties of the report: what a guest and its user may count on.  A trace can conform to a
\* kernel and still show that the kernel, or the VMM, violates one.
ReportedProperties ==
  [Monotonic        |-> Monotonic,
   SameLine         |-> SameLine,
   StableIsTrue     |-> StableIsTrue,
   FlagsOfTheClock  |-> FlagsOfTheClock,
   ClocksAgree      |-> ClocksAgree,
   SameClock        |-> SameClock,
   NoUnderflow      |-> NoUnderflow,
   RoundTrip        |-> RoundTrip,
   WriteTakesEffect |-> WriteTakesEffect,
   HistoryFree      |-> HistoryFree,
   TimerOnTime      |-> TimerOnTime]

\* TLC needs these to load the module; the validator never searches them.
TraceInit == NewVm(KernelOf(<<6, 12, 0>>, ""), 1, 1, 0, TRUE, FALSE, Zero, Zero, Zero)
TraceNext ==
  \E vcpu \in online : Step(vcpu, vcpu, Zero, 1, Zero, 0, Zero, TRUE, FALSE, FALSE, 0, 0)
=============================================================================
