----------------------------- MODULE MigrationX86 -----------------------------
(***************************************************************************)
(* Migration over KvmX86.  The guest's clocks are its TSC and kvmclock.    *)
(***************************************************************************)
EXTENDS KvmX86, Migration

CONSTANTS
  SourceTsc,           \* the source's TSC when the VM is created
  DestinationTscs,     \* what the destination's TSC may be when the VM arrives
  DestinationNs        \* by how much the destination's base clock is ahead of the source's

VARIABLES
  armed,               \* for each vCPU whose MSR_IA32_TSC_DEADLINE was set, the line that its TSC was on
  reset                \* TRUE: the last step wrote a TSC, but nothing that was saved

x86Vars == <<armed, reset>>
allVars == <<vars, vmmVars, x86Vars>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* What the guest reads.  It may read whenever it executes: a value counts *)
(* as read if the guest could have read it.                                *)
(***************************************************************************)

Executing == inGuest \ kicked
WithClock == {v \in Executing : pvclock[v].active /\ pvclock[v].version # 0}

\* If a page is not stable, the guest does not let its kvmclock go back.
GuestClock(vcpu) ==
  LET reading == PageReading(pvclock[vcpu], GuestTsc(vcpu))
  IN IF pvclock[vcpu].stable THEN reading ELSE Later(reading, seenClock)

Reads ==
  /\ seenCounter' = Latest({seenCounter} \cup {GuestTsc(v) : v \in Executing})
  /\ seenClock' = Latest({seenClock} \cup {GuestClock(v) : v \in WithClock})

Line(vcpu) == [offset |-> tscOffset[vcpu], ratio |-> tscScalingRatio[vcpu]]

-----------------------------------------------------------------------------
(***************************************************************************)
(* The steps of a recipe                                                   *)
(***************************************************************************)

\* The operations of KVM, by their names.  Those of two steps begin with the first one.
Kvm(step, vcpu) ==
  CASE step.op = "CreateVcpu"      -> CreateVcpu(vcpu)
    [] step.op = "WriteSystemTime" -> WriteSystemTime(vcpu, TRUE, FALSE)
    [] step.op = "SetVmTscKhz"     -> SetVmTscKhz(GuestKhz)
    [] step.op = "SetTscKhz"       -> SetTscKhz(vcpu, GuestKhz)
    [] step.op = "ReadTsc"         -> ReadTsc(vcpu)
    [] step.op = "WriteTsc"        -> WriteTsc(vcpu, Eval(step.value, vcpu))
    [] step.op = "GetTscOffset"    -> GetTscOffset(vcpu)
    [] step.op = "SetTscOffset"    -> SetTscOffset(vcpu, Eval(step.offset, vcpu))
    [] step.op = "GetClock"        -> IF kernel.readsFlagLater /\ clockTaken = {} THEN BeginGetClock ELSE GetClock
    [] step.op = "SetClock"        ->
         IF kernel.setClockFromNow /\ ~setClockBegun /\ FlagsAccepted(Eval(step.flags, vcpu))
         THEN BeginSetClock
         ELSE SetClock(Eval(step.clock, vcpu), Eval(step.flags, vcpu),
                       IF HasRealtime(Eval(step.flags, vcpu)) THEN Eval(step.realtime, vcpu) ELSE Zero)
    [] step.op = "KvmclockCtrl"    -> KvmclockCtrl(vcpu)
    [] step.op = "VcpuLoad"        -> VcpuLoad(vcpu)
    [] step.op = "EnterGuest"      -> EnterGuest(vcpu)
    [] step.op = "ExitGuest"       -> ExitGuest(vcpu)

IsKvm(step) == step.op \notin Own \cup {"WriteTscDeadline"}

\* Has the operation returned every value that the recipe needs?
Given(step) ==
  step.op = "GetClock" =>
    /\ "hostTsc" \in step.needs => reply'.flags \div 8 = 1
    /\ ("realtime" \in step.needs /\ ~step.fills) => HasRealtime(reply'.flags)

Note(step, vcpu) ==
  saved' =
    CASE step.op = "ReadTsc"         -> Noting(saved, step.as, vcpu, reply'.value)
      [] step.op = "GetTscOffset"    -> Noting(saved, step.as, vcpu, reply'.offset)
      [] step.op = "Compute"         -> Noting(saved, step.as, vcpu, Eval(step.value, vcpu))
      [] step.op = "ReadRealtime"    -> Noting(saved, step.as, vcpu, hostRealtime)
      [] step.op = "ReadHostCounter" -> Noting(saved, step.as, vcpu, hostTsc)
      [] step.op = "ReadInstant"     -> Noting(Noting(saved, step.as \o ".counter", vcpu, hostTsc),
                                               step.as \o ".realtime", vcpu, hostRealtime)
      [] step.op = "GetClock"        ->
           LET own == ~HasRealtime(reply'.flags)
           IN Noting(Noting(Noting(Noting(saved,
                step.as \o ".clock", vcpu, reply'.clock),
                step.as \o ".flags", vcpu, reply'.flags),
                step.as \o ".realtime", vcpu, IF own THEN hostRealtime ELSE reply'.realtime),
                step.as \o ".hostTsc", vcpu, reply'.hostTsc)
      [] OTHER -> saved

\* A step that takes no time.
Do(vcpu) ==
  LET step == NextStep(vcpu) IN
  /\ Ready(vcpu)
  /\ step.op \notin Lasting
  /\ IF Skipped(step)
     THEN Advance(vcpu) /\ UNCHANGED <<vars, x86Vars, refused, saved, stopped, resumed>>
     ELSE /\ IF IsKvm(step) THEN Kvm(step, vcpu)
             ELSE (step.op = "WriteTscDeadline" => VcpuIdle(vcpu)) /\ UNCHANGED vars
          /\ IF IsKvm(step) /\ reply'.op \in {"BeginGetClock", "BeginSetClock"}
             THEN Stay /\ UNCHANGED <<saved, refused>>
             ELSE /\ Advance(vcpu)
                  /\ Note(step, vcpu)
                  /\ refused' = (IsKvm(step) /\ ~(Given(step) /\ (Errno(reply') # 0 => step.mayFail)))
          /\ armed' = IF step.op = "WriteTscDeadline" THEN With(armed, vcpu, Line(vcpu)) ELSE armed
          /\ reset' = (step.op = "WriteTsc" /\ step.value[1] = "number")
          /\ stopped' = IF step.op = "ExitGuest"
                        THEN With(stopped, vcpu, [now |-> now, counter |-> GuestTsc(vcpu),
                                                  clock |-> IF vcpu \in WithClock THEN {GuestClock(vcpu)} ELSE {}])
                        ELSE stopped
          /\ resumed' = IF step.op = "EnterGuest" /\ Restored /\ resumed = {} THEN {now} ELSE resumed
  /\ Reads
  /\ UNCHANGED <<now, preemption, preempted, skew, blackout, again>>

\* The host's clocks some ticks later.
Pass(ticks) ==
  /\ TimePasses(Add(hostTsc, Ticks(tscKhz, ticks)), Add(hostNs, ticks), Add(Add(now, ticks), skew'))
  /\ now' = Add(now, ticks)

\* The old VM is gone; the other host has a new one, with no vCPU yet.
Move(ticks, tsc) ==
  /\ now' = Add(now, ticks)
  /\ tscKhz' = DestinationKhz
  /\ hostTsc' = tsc /\ hostNs' = Add(now', DestinationNs)
  /\ hostRealtime' = Add(now', skew')
  /\ paceTsc' = tsc /\ paceNs' = hostNs'
  /\ defaultTscKhz' = DestinationKhz
  /\ lastTscNsec' = Zero /\ lastTscWrite' = Zero /\ lastTscKhz' = 0 /\ lastTscOffset' = Zero
  /\ curTscNsec' = Zero /\ curTscWrite' = Zero /\ curTscOffset' = Zero /\ curTscGeneration' = 0
  /\ nrVcpusMatched' = 0 /\ userSetTsc' = FALSE
  /\ useMasterClock' = FALSE /\ masterKernelNs' = hostNs' /\ masterCycleNow' = tsc
  /\ kvmclockOffset' = Sub(Zero, hostNs')
  /\ tscOffset' = << >> /\ thisTscNsec' = << >> /\ thisTscWrite' = << >> /\ thisTscGeneration' = << >>
  /\ virtualTscKhz' = << >> /\ tscScalingRatio' = << >> /\ tscAdjust' = << >> /\ lastGuestTsc' = << >>
  /\ tscDeadlineMode' = {} /\ tscDeadline' = << >>
  /\ pvclock' = << >> /\ armed' = << >> /\ reset' = FALSE
  /\ tscCatchup' = {} /\ tscAlwaysCatchup' = {}
  /\ masterclockUpdate' = {} /\ clockUpdate' = {} /\ stoppedRequest' = {} /\ kicked' = {}
  /\ clockTaken' = {} /\ setClockBegun' = FALSE /\ tscTaken' = << >>
  /\ updatedGeneration' = 0
  /\ reply' = [op |-> "CreateVm"]
  /\ guestSeen' = {} /\ clockSeen' = {} /\ userOffset' = {} /\ userDeadline' = {}
  /\ UNCHANGED <<kernel, tscFracBits, tscClocksource, tscUnstable, oddVars, inGuest, guestLastClock>>

\* A step that takes time.
Last(vcpu) ==
  LET step == NextStep(vcpu) IN
  /\ Ready(vcpu)
  /\ step.op \in Lasting
  /\ Advance(vcpu)
  /\ \/ /\ Skipped(step)
        /\ UNCHANGED <<vars, now, skew, x86Vars, blackout>>
     \/ /\ ~Skipped(step)
        /\ \/ /\ step.op = "Work"
              /\ UNCHANGED <<skew, x86Vars, blackout>>
              /\ \E ticks \in Uptimes : Pass(ticks)
           \/ /\ step.op = "Wait"
              /\ UNCHANGED <<skew, x86Vars>>
              /\ \E ticks \in Waits : Pass(ticks) /\ blackout' = Add(blackout, ticks)
           \/ /\ step.op = "Blackout"
              /\ \E ticks \in Blackouts, ahead \in Skews :
                   /\ blackout' = Add(blackout, ticks)
                   /\ skew' = ahead
                   /\ \/ ~step.moves /\ Pass(ticks) /\ UNCHANGED x86Vars
                      \/ step.moves /\ \E tsc \in DestinationTscs : Move(ticks, tsc)
  /\ Reads
  /\ UNCHANGED <<preemption, preempted, saved, refused, stopped, resumed, again>>

Preemption ==
  /\ MayBePreempted
  /\ UNCHANGED skew
  /\ \E ticks \in Preemptions : Pass(ticks)
  /\ preempted' = preempted + 1
  /\ Reads
  /\ UNCHANGED <<preemption, at, done, saved, refused, blackout, stopped, resumed, again, x86Vars>>

\* A vCPU that KVM has kicked out of the guest goes back, within KVM_RUN.
Reenter(vcpu) ==
  /\ vcpu \in kicked /\ ReenterGuest(vcpu)
  /\ Reads
  /\ UNCHANGED <<now, preemption, preempted, at, done, saved, skew, refused, blackout, stopped, resumed, again, x86Vars>>

Made == [line |-> [v \in online |-> Line(v)], clock |-> kvmclockOffset]

\* The VMM does the same restore again, before it lets the guest run.
RestoreAgain ==
  /\ MayRestoreAgain
  /\ at' = BlackoutAt + 1
  /\ again' = {Made}
  /\ Reads
  /\ UNCHANGED <<vars, now, preemption, preempted, done, saved, skew, refused, blackout, stopped, resumed, x86Vars>>

MigrationX86Init(switches) ==
  /\ NewVm(switches, GuestKhz, FracBits, TRUE, FALSE, SourceTsc, Zero, Zero)
  /\ MigrationInit
  /\ armed = << >> /\ reset = FALSE

MigrationX86Next ==
  \/ \E vcpu \in Vcpus : Do(vcpu) \/ Last(vcpu) \/ Reenter(vcpu)
  \/ Preemption
  \/ RestoreAgain

-----------------------------------------------------------------------------
(***************************************************************************)
(* What the VMM's user may count on.  SameLine is KvmX86's own.            *)
(***************************************************************************)

\* Every step can be carried out: no ioctl refuses, and each returns what the recipe needs.  If it
\* fails, the guest does not come back.
Completes == ~refused

\* No vCPU reads less than what any vCPU has read before, here or on the source.  If it fails, time
\* goes backwards for the guest.
MonotonicAcross ==
  Restored => /\ \A v \in Executing : ~Before(GuestTsc(v), seenCounter)
              /\ \A v \in WithClock : ~Before(GuestClock(v), seenClock)

\* The TSC keeps to the policy.  If it fails, a guest whose clock is the TSC finds itself at a time
\* that its user did not choose.
TscContinuous ==
  Restored => \A v \in Executing :
    KeepsPolicy(stopped[v].counter, GuestTsc(v), stopped[v].now)

\* ... and so does kvmclock.
ClockContinuous ==
  Restored => \A v \in WithClock : \A clock \in stopped[v].clock :
    KeepsPolicy(clock, GuestClock(v), stopped[v].now)

\* From before to after, TSC and kvmclock have gone on by the same.  If it fails, the guest's two
\* clocks have come apart.
ClocksStayTogether ==
  Restored => \A v \in WithClock : \A clock \in stopped[v].clock :
    Sub(GuestTsc(v), stopped[v].counter) = Sub(GuestClock(v), clock)

\* The TSC has the rate that it had.  If it fails, the guest's time drifts.
SameRate ==
  Restored => \A v \in Executing : ScaledKhz(FracBits, tscKhz, tscScalingRatio[v]) = GuestKhz

\* A write of what was saved takes effect.  (A VMM that writes 0 or 1 resets a TSC; the restore
\* comes after that.)  If it fails, the guest runs at a time that no one gave it.
RestoreTakesEffect == reset \/ WriteTakesEffect

\* A second restore of the same changes nothing.  If it fails, the guest's time depends on how
\* often and how fast the VMM has tried.
IdempotentRestore ==
  at = RunAt => \A made \in again : made = Made

\* The guest can see that it was stopped.  If it fails, its watchdogs take the blackout for a hang.
StoppedIsShown == Restored => \A v \in WithClock : pvclock[v].stopped

\* A timer that was armed fires when the guest's TSC gets there.  If it fails, it comes too early
\* or too late by how far the TSC moved afterwards: after hours, or never.
ArmedOnItsLine == \A v \in Executing \cap DOMAIN armed : armed[v] = Line(v)

\* Once all vCPUs run, the masterclock is on.  If it fails, the guest's clocks are slow to read,
\* and users notice.
MasterClockIsOn == (Over /\ inGuest = Vcpus /\ kicked = {} /\ masterclockUpdate = {}) => useMasterClock

-----------------------------------------------------------------------------
(***************************************************************************)
(* For the matrix                                                          *)
(***************************************************************************)

Judged == Judge(<<
  <<"Completes", Completes>>,
  <<"MonotonicAcross", MonotonicAcross>>,
  <<"SameLine", SameLine>>,
  <<"SameRate", SameRate>>,
  <<"TscContinuous", TscContinuous>>,
  <<"ClockContinuous", ClockContinuous>>,
  <<"ClocksStayTogether", ClocksStayTogether>>,
  <<"IdempotentRestore", IdempotentRestore>>,
  <<"RestoreTakesEffect", RestoreTakesEffect>>,
  <<"MasterClockIsOn", MasterClockIsOn>>,
  <<"StoppedIsShown", StoppedIsShown>>,
  <<"TimerOnTime", ArmedOnItsLine>>,
  <<"Unfinished", ~Over>> >>)

View == <<changing, tscKhz, vmmVars, x86Vars>>

\* What the guest's clocks show, for each vCPU: its TSC, and kvmclock if its page was written.
Shown == [v \in online |-> <<GuestTsc(v), IF pvclock[v].active /\ pvclock[v].version # 0 THEN {GuestClock(v)} ELSE {}>>]
=============================================================================
