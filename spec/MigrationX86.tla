----------------------------- MODULE MigrationX86 -----------------------------
(***************************************************************************)
(* Migration over KvmX86.  The guest's clocks are its TSC and kvmclock.    *)
(***************************************************************************)
EXTENDS KvmX86, Migration

VARIABLE
  reset                \* TRUE: the last step wrote a TSC, but nothing that was saved

allVars == <<vars, vmmVars, reset>>

\* The window within which KVM treats two writes of a TSC as one, in ticks: the first distance that
\* is beyond it.
Window == CHOOSE n \in 1 .. Modulus - 1 : /\ ~InWindow(GuestKhz, Zero, FromNat(n))
                                         /\ InWindow(GuestKhz, Zero, FromNat(n - 1))

\* The source's TSC when the VM is created: the host has been up for longer than a window.
SourceTsc == 2 * Window + 5

\* What the destination's clocks may be when the VM arrives.
Arrivals(ticks, khz) ==
  IF World = "same-host" THEN {[tsc |-> Add(hostTsc, Ticks(tscKhz, ticks)), ns |-> Add(hostNs, ticks)]}
  ELSE {[tsc |-> IF khz > GuestKhz THEN 8 * Window ELSE Window \div 2 + 3, ns |-> Add(now, ticks + 9)]}

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
    [] step.op = "WriteTsc"        -> WriteTsc(vcpu, Eval(step.value, vcpu, tscKhz))
    [] step.op = "GetTscOffset"    -> GetTscOffset(vcpu)
    [] step.op = "SetTscOffset"    -> SetTscOffset(vcpu, Eval(step.offset, vcpu, tscKhz))
    [] step.op = "GetClock"        -> IF kernel.readsFlagLater /\ clockTaken = {} THEN BeginGetClock ELSE GetClock
    [] step.op = "SetClock"        ->
         IF kernel.setClockFromNow /\ ~setClockBegun /\ FlagsAccepted(Eval(step.flags, vcpu, tscKhz))
         THEN BeginSetClock
         ELSE SetClock(Eval(step.clock, vcpu, tscKhz), Eval(step.flags, vcpu, tscKhz),
                       IF HasRealtime(Eval(step.flags, vcpu, tscKhz)) THEN Eval(step.realtime, vcpu, tscKhz) ELSE Zero)
    [] step.op = "KvmclockCtrl"    -> KvmclockCtrl(vcpu)
    \* The guest's timer is in TSC-deadline mode.  (No timer fires here: any deadline will do.)
    [] step.op = "SetLapic"         -> SetLapic(vcpu, TRUE)
    [] step.op = "WriteTscDeadline" -> WriteTscDeadline(vcpu, FromNat(1))
    [] step.op = "VcpuLoad"        -> VcpuLoad(vcpu)
    [] step.op = "EnterGuest"      -> EnterGuest(vcpu)
    [] step.op = "ExitGuest"       -> ExitGuest(vcpu)

IsKvm(step) == step.op \notin Own

\* Has the operation returned every value that the recipe needs?
Given(step) ==
  step.op = "GetClock" =>
    /\ "hostTsc" \in step.needs => reply'.flags \div 8 = 1
    /\ ("realtime" \in step.needs /\ ~step.fills) => HasRealtime(reply'.flags)

Note(step, vcpu) ==
  saved' =
    CASE step.op = "ReadTsc"         -> Noting(saved, step.as, vcpu, reply'.value)
      [] step.op = "GetTscOffset"    -> Noting(saved, step.as, vcpu, reply'.offset)
      [] step.op = "Compute"         -> Noting(saved, step.as, vcpu, Eval(step.value, vcpu, tscKhz))
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
  /\ IF Skipped(step, tscKhz)
     THEN Advance(vcpu) /\ UNCHANGED <<vars, reset, refused, saved, stopped, resumed>>
     ELSE /\ IF IsKvm(step) THEN Kvm(step, vcpu) ELSE UNCHANGED vars
          /\ IF IsKvm(step) /\ reply'.op \in {"BeginGetClock", "BeginSetClock"}
             THEN Stay /\ UNCHANGED <<saved, refused>>
             ELSE /\ Advance(vcpu)
                  /\ Note(step, vcpu)
                  /\ refused' = (IsKvm(step) /\ ~(Given(step) /\ (Errno(reply') # 0 => step.mayFail)))
          /\ reset' = (step.op = "WriteTsc" /\ step.value[1] = "number")
          /\ stopped' = IF step.op = "ExitGuest"
                        THEN With(stopped, vcpu, [now |-> now, counter |-> GuestTsc(vcpu),
                                                  clock |-> IF vcpu \in WithClock THEN {GuestClock(vcpu)} ELSE {}])
                        ELSE stopped
          /\ resumed' = IF step.op = "EnterGuest" /\ Restored /\ resumed = {} THEN {now} ELSE resumed
  /\ Reads
  /\ UNCHANGED <<case, now, preemption, preempted, skew, blackout, again>>

\* The host's clocks some ticks later.
Pass(ticks) ==
  /\ TimePasses(Add(hostTsc, Ticks(tscKhz, ticks)), Add(hostNs, ticks), Add(Add(now, ticks), skew'))
  /\ now' = Add(now, ticks)

\* The old VM is gone; the other host has a new one, with no vCPU yet.
Move(ticks, khz, tsc, ns) ==
  /\ now' = Add(now, ticks)
  /\ tscKhz' = khz /\ clocksourceKhz' = khz
  /\ hostTsc' = tsc /\ hostNs' = ns
  /\ hostRealtime' = Add(now', skew')
  /\ paceTsc' = tsc /\ paceNs' = hostNs'
  /\ defaultTscKhz' = khz
  /\ lastTscNsec' = Zero /\ lastTscWrite' = Zero /\ lastTscKhz' = 0 /\ lastTscOffset' = Zero
  /\ curTscNsec' = Zero /\ curTscWrite' = Zero /\ curTscOffset' = Zero /\ curTscGeneration' = 0
  /\ nrVcpusMatched' = 0 /\ userSetTsc' = FALSE
  /\ useMasterClock' = FALSE /\ masterKernelNs' = hostNs' /\ masterCycleNow' = tsc
  /\ kvmclockOffset' = Sub(Zero, hostNs')
  /\ tscOffset' = << >> /\ thisTscNsec' = << >> /\ thisTscWrite' = << >> /\ thisTscGeneration' = << >>
  /\ virtualTscKhz' = << >> /\ tscScalingRatio' = << >> /\ tscAdjust' = << >> /\ lastGuestTsc' = << >>
  /\ tscDeadlineMode' = {} /\ tscDeadline' = << >>
  /\ pvclock' = << >> /\ reset' = FALSE
  /\ tscCatchup' = {} /\ tscAlwaysCatchup' = {}
  /\ masterclockUpdate' = {} /\ clockUpdate' = {} /\ stoppedRequest' = {} /\ kicked' = {}
  /\ clockTaken' = {} /\ setClockBegun' = FALSE /\ tscTaken' = << >> /\ entering' = {}
  /\ updatedGeneration' = 0 /\ lossPending' = FALSE
  /\ reply' = [op |-> "CreateVm"]
  /\ guestSeen' = {} /\ clockSeen' = {} /\ userOffset' = {} /\ userDeadline' = {}
  /\ UNCHANGED <<kernel, tscFracBits, tscClocksource, tscUnstable, oddVars, inGuest, guestLastClock>>

\* A guest whose VM stays puts its timers into TSC-deadline mode before it works.  (Those of a new VM
\* are in no mode: there the VMM restores it.)
ModesMissing == IF ~Moves /\ Places[case].deadline THEN inGuest \ tscDeadlineMode ELSE {}

GuestSetsMode(vcpu) ==
  /\ Ready(0) /\ NextStep(0).op = "Work"
  /\ vcpu \in ModesMissing
  /\ GuestSetsTimer(vcpu, TRUE, Zero)
  /\ UNCHANGED <<vmmVars, reset>>

\* A step that takes time.
Last(vcpu) ==
  LET step == NextStep(vcpu) IN
  /\ Ready(vcpu)
  /\ step.op \in Lasting
  /\ step.op = "Work" => ModesMissing = {}
  /\ Advance(vcpu)
  /\ \/ /\ Skipped(step, tscKhz)
        /\ UNCHANGED <<vars, now, skew, reset, blackout>>
     \/ /\ ~Skipped(step, tscKhz)
        /\ \/ /\ step.op = "Work"
              /\ UNCHANGED <<skew, reset, blackout>>
              /\ \E ticks \in Uptimes(Window) : Pass(ticks)
           \/ /\ step.op = "Wait"
              /\ UNCHANGED <<skew, reset>>
              /\ \E ticks \in Waits(Window) : Pass(ticks) /\ blackout' = Add(blackout, ticks)
           \/ /\ step.op = "Blackout"
              /\ \E ticks \in Blackouts(Window), ahead \in Skews(Window) :
                   /\ blackout' = Add(blackout, ticks)
                   /\ skew' = ahead
                   /\ \/ ~Moves /\ Pass(ticks) /\ UNCHANGED reset
                      \/ Moves /\ \E khz \in DestinationKhzs : \E host \in Arrivals(ticks, khz) :
                                        Move(ticks, khz, host.tsc, host.ns)
  /\ Reads
  /\ UNCHANGED <<case, preemption, preempted, saved, refused, stopped, resumed, again>>

Preemption ==
  /\ MayBePreempted
  /\ UNCHANGED skew
  /\ \E kind \in Kinds : \E ticks \in Preemptions(kind, Window) :
       /\ Pass(ticks)
       /\ preemption' = kind
       /\ preempted' = Append(preempted, [ticks |-> ticks, at |-> at, done |-> done])
  /\ Reads
  /\ UNCHANGED <<case, at, done, saved, refused, blackout, stopped, resumed, again, reset>>

\* A vCPU that KVM has kicked out of the guest goes back, within KVM_RUN.
Reenter(vcpu) ==
  /\ vcpu \in kicked /\ ReenterGuest(vcpu)
  /\ Reads
  /\ UNCHANGED <<case, now, preemption, preempted, at, done, saved, skew, refused, blackout, stopped, resumed, again, reset>>

Made == [line |-> [v \in online |-> Line(v)], clock |-> kvmclockOffset]

\* The VMM does the same restore again, before it lets the guest run.
RestoreAgain ==
  /\ MayRestoreAgain
  /\ at' = BlackoutAt + 1
  /\ again' = {Made}
  /\ Reads
  /\ UNCHANGED <<vars, case, now, preemption, preempted, done, saved, skew, refused, blackout, stopped, resumed, reset>>

MigrationX86Init ==
  /\ case \in DOMAIN Cases
  /\ NewVm(Cases[case].kernel, GuestKhz, GuestKhz, FracBits, TRUE, FALSE, SourceTsc, Zero, Zero)
  /\ MigrationInit
  /\ reset = FALSE

MigrationX86Next ==
  \/ \E vcpu \in Vcpus : Do(vcpu) \/ Last(vcpu) \/ GuestSetsMode(vcpu) \/ Reenter(vcpu)
  \/ Preemption
  \/ RestoreAgain

-----------------------------------------------------------------------------
(***************************************************************************)
(* What the VMM's user may count on.  SameLine and TimerOnTime are         *)
(* KvmX86's own.                                                           *)
(***************************************************************************)

\* Every step can be carried out: no ioctl refuses, and each returns what the recipe needs.  If it
\* fails, the guest does not come back.
Completes == ~refused

\* No vCPU reads less than what any vCPU has read before, here or on the source.  If it fails, time
\* goes backwards for the guest.
MonotonicAcross ==
  Restored => /\ \A v \in Executing : ~Before(GuestTsc(v), seenCounter)
              /\ \A v \in WithClock : ~Before(GuestClock(v), seenClock)

\* The TSC keeps to the policy, up to an error.  If it fails, a guest whose clock is the TSC finds
\* itself at a time that its user did not choose.
TscKeepsPolicy(error) ==
  Restored => \A v \in Executing \cap DOMAIN stopped :
    KeepsPolicy(stopped[v].counter, GuestTsc(v), stopped[v].now, error, Window)
TscContinuous == TscKeepsPolicy(0)
TscContinuousUpToSteps == TscKeepsPolicy(Lost(preempted))

\* ... and so does kvmclock.
ClockKeepsPolicy(error) ==
  Restored => \A v \in WithClock \cap DOMAIN stopped : \A clock \in stopped[v].clock :
    KeepsPolicy(clock, GuestClock(v), stopped[v].now, error, Window)
ClockContinuous == ClockKeepsPolicy(0)
ClockContinuousUpToSteps == ClockKeepsPolicy(Lost(preempted))

\* From before to after, TSC and kvmclock have gone on by the same, up to an error.  If it fails,
\* the guest's two clocks have come apart.
ClocksStayWithin(error) ==
  Restored => \A v \in WithClock \cap DOMAIN stopped : \A clock \in stopped[v].clock :
    Near(Sub(GuestTsc(v), stopped[v].counter), Sub(GuestClock(v), clock), error)
ClocksStayTogether == ClocksStayWithin(0)
ClocksStayTogetherUpToSteps == ClocksStayWithin(Lost(preempted))

\* The TSC has the rate that it had.  If it fails, the guest's time drifts.
SameRate ==
  Restored => \A v \in Executing : ScaledKhz(FracBits, tscKhz, tscScalingRatio[v]) = GuestKhz

\* A write of what was saved takes effect.  (A VMM that writes 0 or 1 resets a TSC; the restore
\* comes after that.)  If it fails, the guest runs at a time that no one gave it.
RestoreTakesEffect == reset \/ WriteTakesEffect

\* A second restore of the same changes nothing, up to an error.  If it fails, the guest's time
\* depends on how often and how fast the VMM has tried.
SameAgain(error) ==
  at = RunAt => \A made \in again :
    /\ DOMAIN made.line = online
    /\ \A v \in online : /\ made.line[v].ratio = tscScalingRatio[v]
                        /\ Near(made.line[v].offset, tscOffset[v], error)
    /\ Near(made.clock, kvmclockOffset, error)
IdempotentRestore == SameAgain(0)
IdempotentRestoreUpToSteps == SameAgain(Lost(preempted))

\* The guest can see that it was stopped.  If it fails, its watchdogs take the blackout for a hang.
StoppedIsShown == Restored => \A v \in WithClock : pvclock[v].stopped

\* Once all vCPUs run, the masterclock is on.  If it fails, the guest's clocks are slow to read,
\* and users notice.
MasterClockIsOn == (Over /\ inGuest = online /\ kicked = {} /\ masterclockUpdate = {}) => useMasterClock

-----------------------------------------------------------------------------
(***************************************************************************)
(* For the matrix                                                          *)
(***************************************************************************)

\* Is the next step modelled?  (KVM creates a vCPU although its host cannot provide the VM's rate.)
Modelled ==
  \A v \in Vcpus : Ready(v) /\ NextStep(v).op = "CreateVcpu" => RateFor(defaultTscKhz).ratio # Zero

Judged ==
  /\ Judge("Completes", Completes)
  /\ Judge("MonotonicAcross", MonotonicAcross)
  /\ Judge("SameLine", SameLine)
  /\ Judge("SameRate", SameRate)
  /\ JudgeDistance("TscContinuous", TscContinuous, TscContinuousUpToSteps)
  /\ JudgeDistance("ClockContinuous", ClockContinuous, ClockContinuousUpToSteps)
  /\ JudgeDistance("ClocksStayTogether", ClocksStayTogether, ClocksStayTogetherUpToSteps)
  /\ JudgeDistance("IdempotentRestore", IdempotentRestore, IdempotentRestoreUpToSteps)
  /\ Judge("RestoreTakesEffect", RestoreTakesEffect)
  /\ Judge("MasterClockIsOn", MasterClockIsOn)
  /\ Judge("StoppedIsShown", StoppedIsShown)
  /\ Judge("TimerOnTime", TimerOnTime)
  /\ Judge("Unfinished", ~Over)
  /\ Modelled \/ Say("notModelled", "CreateVcpu", << >>)

\* Without the places where time passed: of behaviours that differ only in these one is enough.
View == <<changing, tscKhz, recipeVars, Len(preempted), Lost(preempted), reset>>

\* KVM's bookkeeping, where a reader wants to see it: the masterclock, the generation, its vCPUs.
Bookkeeping == <<IF useMasterClock THEN 1 ELSE 0, curTscGeneration, nrVcpusMatched + 1>>

\* What the guest's clocks show, for each vCPU: its TSC, and kvmclock if its page was written.
Shown == [v \in online |-> <<GuestTsc(v), IF pvclock[v].active /\ pvclock[v].version # 0 THEN {GuestClock(v)} ELSE {}>>]
=============================================================================
