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

\* Time passes until a write of a TSC.  KVM reads the host's TSC first, at tsc, and the base clock when
\* it has the lock: by then the TSC is nsTsc.  (KvmX86 reads both at one instant.  The difference shows
\* only in a TSC that is caught up with.)
TimePassesInAWrite(tsc, nsTsc, ns, realtime) ==
  /\ IsWord(tsc) /\ IsWord(nsTsc) /\ IsWord(ns) /\ IsWord(realtime)
  /\ ~Before(tsc, hostTsc) /\ ~Before(nsTsc, tsc) /\ ~Before(ns, hostNs)
  /\ tscClocksource => KeepsPace(tscKhz, Sub(nsTsc, paceTsc), Sub(ns, paceNs))
  /\ hostTsc' = tsc /\ hostNs' = ns /\ hostRealtime' = realtime
  /\ reply' = [op |-> "TimePasses"]
  /\ UNCHANGED <<fixedVars, tscClocksource, tscUnstable, paceTsc, paceNs, kvmVars, seenVars>>

\* Where a log says only between which two instants something happened, what it did can
\* tell the instant.  These are candidates: the action itself decides.

\* A write of value that gave a vCPU offset, if it was not absorbed; for a vCPU that is
\* not scaled.
InstantOfWrite(value, offset) == Sub(value, offset)

\* A read of value through vcpu.
InstantOfRead(vcpu, value) == Sub(value, tscOffset[vcpu])

\* A load on an unstable TSC that gave vcpu offset; for a vCPU that is not scaled.
InstantOfLoad(vcpu, offset) == Sub(lastGuestTsc[vcpu], offset)

\* A guest's read of kvmclock, as near as nanoseconds tell, through vcpu and the page of vCPU page; for
\* a vCPU that is not scaled.
InstantOfClockRead(vcpu, page, clock) ==
  LET since == NsToCycles(tscKhz, Sub(clock, pvclock[page].systemTime))
  IN Sub(Add(pvclock[page].tscTimestamp, since), tscOffset[vcpu])

\* The creation of a VM whose kvmclock, not set since, was clock when the host's TSC was tsc.
InstantOfCreation(khz, tsc, clock) == Sub(tsc, NsToCycles(khz, clock))

\* How many cycles of the host's TSC ns last.
CyclesOf(khz, ns) == NsToCycles(khz, ns)

\* When the base clock was ns, as near as the pace tells.
InstantOfNs(ns) == Add(paceTsc, NsToCycles(tscKhz, Sub(ns, paceNs)))

\* The least that the base clock can be at tsc.  Another clocksource than the TSC goes its own
\* way, but not farther from it than by a sixty-fourth.
EarliestNs(tsc) ==
  LET least == Add(paceNs, LeastNs(tscKhz, Sub(tsc, paceTsc), IF tscClocksource THEN 23 ELSE 6))
  IN IF Before(least, hostNs) THEN hostNs ELSE least

\* Where the base clock goes its own way, what it led to tells it, as near as its rounding.

\* ... at a write of value that joined a generation on an unstable TSC, and led to the TSC since.
NsOfJoining(vcpu, value, since) ==
  Add(lastTscNsec, CyclesToNs(RateAfter(vcpu), Sub(since, value)))
JoinedAt(vcpu, value, ns) ==
  Add(value, NsToCycles(RateAfter(vcpu), Sub(ns, lastTscNsec)))

\* ... what cycles of the TSC last, by its rate.
NsOf(cycles) == CyclesToNs(tscKhz, cycles)

\* ... when vcpu was due to be at due.
NsOfDue(vcpu, due) ==
  Add(thisTscNsec[vcpu], CyclesToNs(virtualTscKhz[vcpu], Sub(due, thisTscWrite[vcpu])))

\* Since when, by the base clock, vcpu is caught up with.
CaughtUpSince(vcpu) == thisTscNsec[vcpu]

\* The base clock when kvmclock is clock.
NsOfClock(clock) == Sub(clock, kvmclockOffset)

\* What kvmclock was at tsc, if the masterclock counts from there and shows clock at seenTsc.
ClockAt(tsc, seenTsc, clock) ==
  LET rate == SecondInCycles(tscKhz)
  IN Sub(clock, PvclockNs(PvclockMul(rate), PvclockShift(rate), Sub(seenTsc, tsc)))

\* When kvmclock was shown, if the masterclock shows seenClock at seenTsc.
InstantOfClock(shown, seenTsc, seenClock) ==
  Sub(seenTsc, NsToCycles(tscKhz, Sub(seenClock, shown)))

\* CLOCK_REALTIME when KVM_SET_CLOCK made of clock and realtime the kvmclock shown.
RealtimeOf(clock, realtime, shown) == Add(realtime, Sub(shown, clock))

\* Does vcpu, when it enters, take the host's clocks?  If not, it does not matter when it enters.
TakesClocks(vcpu) ==
  vcpu \in masterclockUpdate \/ (vcpu \in clockUpdate /\ ~useMasterClock)

\* What of a state the actions depend on.  Where the TSC was when KVM saw it last matters only once
\* the host's TSC is unstable, and before that a log does not tell it.
Course ==
  <<hostVars, lastVars, curVars, nrVcpusMatched, userSetTsc, tscOffset, thisVars, rateVars, tscAdjust,
    useMasterClock, masterKernelNs, masterCycleNow, kvmclockOffset, oddVars, pvclock, requestVars,
    callVars, inGuest, guestLastClock, IF tscUnstable THEN lastGuestTsc ELSE << >> >>

\* Is there nothing in it that no event shows?
NothingHidden == clockTaken = {} /\ ~setClockBegun /\ tscTaken = << >> /\ guestLastClock = {}

\* What of a state can still matter, to the properties too.
Essence == <<Course, updatedGeneration, reply, guestSeen, clockSeen, userOffset>>

\* What KvmX86 leaves out, by the name of the action: an event of which this is true is not
\* refused, but nothing can be said of its trace from there on.
NotModelledSetVmTscKhz(khz) == RateFor(khz).ratio = Zero

\* What the log of a real kernel is not refused for, by the name of the action.  When a TSC is caught up
\* with, that shows to the nanosecond what the base clock was when it was written.  The log does not tell
\* that, and only some of what shows it is looked for.
UntoldEnterGuest(vcpu) == vcpu \in tscCatchup /\ vcpu \in clockUpdate \cup masterclockUpdate
UntoldReenterGuest(vcpu) == UntoldEnterGuest(vcpu)
UntoldGetClock == tscCatchup # {} /\ ~tscClocksource

\* A write of value, no later than to, that gave vcpu offset.  On an unstable TSC it may join a
\* generation, and then it tells how long ago the write before it was.  If that has been guessed, it may
\* seem to be too early, but not by much: Apart is more than a call lasts.
Apart == FromNat(300000)
UntoldWriteTsc(vcpu, value, offset, to) ==
  /\ tscUnstable
  /\ kernel.userSetTscGate => userSetTsc
  /\ LET since == Add(Scale(tscFracBits, to, tscScalingRatio[vcpu]), offset)
     IN /\ ~Before(since, value)
        /\ ~Before(Add(NsOfJoining(vcpu, value, since), Apart), hostNs)

\* What a guest and its user may count on, for the report on a trace: a trace can conform to a
\* kernel and still show that the kernel, or the VMM, does not keep it.
Kept == [Monotonic        |-> Monotonic,
         SameLine         |-> SameLine,
         StableIsTrue     |-> StableIsTrue,
         FlagsOfTheClock  |-> FlagsOfTheClock,
         ClocksAgree      |-> ClocksAgree,
         SameClock        |-> SameClock,
         NoUnderflow      |-> NoUnderflow,
         RoundTrip        |-> RoundTrip,
         WriteTakesEffect |-> WriteTakesEffect,
         HistoryFree      |-> HistoryFree]

\* TLC wants a specification to load; the validator never searches it.
TraceInit == NewVm(Profiles["v6.12"], 1, 0, TRUE, FALSE, Zero, Zero, Zero)
TraceNext ==
  \E vcpu \in online : Step(vcpu, vcpu, Zero, 1, Zero, 0, Zero, TRUE, FALSE)
=============================================================================
