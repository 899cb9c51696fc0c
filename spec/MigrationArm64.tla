---------------------------- MODULE MigrationArm64 ----------------------------
(***************************************************************************)
(* Migration over KvmArm64.  The guest's clocks are its virtual and its    *)
(* physical counter.  The VM is "a"; its vCPU n runs on physical CPU n.    *)
(***************************************************************************)
EXTENDS KvmArm64, Migration

allVars == <<vars, vmmVars>>

V(vcpu) == <<"a", vcpu>>

\* KVM compares no times here: a window is only a unit of time.
Window == NsPerSecond

SourceCounter == 2 * Window + 5

\* What the destination's counter may be when the VM arrives.
Arrivals(ticks) ==
  IF World = "same-host" THEN {Add(cntpct, Ticks(GuestKhz, ticks))} ELSE {Window \div 2 + 3}

-----------------------------------------------------------------------------
(***************************************************************************)
(* What the guest reads.  It may read whenever it executes: a value counts *)
(* as read if the guest could have read it.                                *)
(***************************************************************************)

Executing == {v \in Vcpus : V(v) \in inGuest}

Reads ==
  /\ seenCounter' = Latest({seenCounter} \cup {Cntvct(V(v)) : v \in Executing})
  /\ seenClock' = Latest({seenClock} \cup {Cntpct(V(v)) : v \in Executing})

-----------------------------------------------------------------------------
(***************************************************************************)
(* The steps of a recipe                                                   *)
(***************************************************************************)

\* An ioctl that loops over all vCPUs has returned when its loop has ended.
Looping(vcpu, Begin) ==
  IF Unlocked("a") THEN Begin
  ELSE broadcasts["a"].for.vcpu = V(vcpu) /\ \E v \in Vcpus : BroadcastTo(V(v))

\* The operations of KVM, by their names.
Kvm(step, vcpu) ==
  LET v == V(vcpu) IN
  CASE step.op = "CreateVcpu"       -> Looping(vcpu, IF kernel.offsetsOfVm \/ v \in creating
                                                     THEN CreateVcpu(v) ELSE BeginCreateVcpu(v))
    [] step.op = "InitVcpu"         -> InitVcpu(v)
    [] step.op = "GetTimerCnt"      -> GetTimerCnt(v)
    [] step.op = "SetTimerCnt"      -> Looping(vcpu, SetTimerCnt(v, Eval(step.value, vcpu, GuestKhz)))
    [] step.op = "GetPtimerCnt"     -> GetPtimerCnt(v)
    [] step.op = "SetPtimerCnt"     -> Looping(vcpu, SetPtimerCnt(v, Eval(step.value, vcpu, GuestKhz)))
    [] step.op = "GetVtimerOffset"  -> GetVtimerOffset(v)
    [] step.op = "SetVtimerOffset"  -> Looping(vcpu, SetVtimerOffset(v, Eval(step.offset, vcpu, GuestKhz)))
    [] step.op = "GetPtimerOffset"  -> GetPtimerOffset(v)
    [] step.op = "SetPtimerOffset"  -> Looping(vcpu, SetPtimerOffset(v, Eval(step.offset, vcpu, GuestKhz)))
    [] step.op = "GetSystemCounterState" -> GetSystemCounterState(v)
    [] step.op = "SetSystemCounterState" ->
         SetSystemCounterState(v, vcpu, PHYS_OFFSET, Eval(step.cntvoff, vcpu, GuestKhz), Eval(step.cntpoff, vcpu, GuestKhz))
    [] step.op = "SetCounterOffset" -> SetCounterOffset("a", Eval(step.offset, vcpu, GuestKhz), Zero)
    \* The guest's timers were on, and its counters have long passed the compare value.
    [] step.op = "SetVtimerCval"    -> SetVtimerCval(v, FromNat(1))
    [] step.op = "SetVtimerCtl"     -> SetVtimerCtl(v, TRUE)
    [] step.op = "SetPtimerCval"    -> SetPtimerCval(v, FromNat(1))
    [] step.op = "SetPtimerCtl"     -> SetPtimerCtl(v, TRUE)
    [] step.op = "EnterGuest"       -> IF v \in DOMAIN loadedOn THEN EnterGuest(v) ELSE VcpuLoad(v, vcpu)
    [] step.op = "ExitGuest"        -> IF v \in inGuest THEN ExitGuest(v) ELSE VcpuPut(v, TRUE)

IsKvm(step) == step.op \notin Own

\* Has the step ended?
Ended(step, vcpu) ==
  CASE step.op = "CreateVcpu" -> V(vcpu) \in online'
    [] step.op = "EnterGuest" -> V(vcpu) \in inGuest'
    [] step.op = "ExitGuest"  -> V(vcpu) \notin inRun'
    [] OTHER                  -> Unlocked("a")'

Note(step, vcpu) ==
  saved' =
    CASE step.op \in {"GetTimerCnt", "GetPtimerCnt"} -> Noting(saved, step.as, vcpu, reply'.value)
      [] step.op \in {"GetVtimerOffset", "GetPtimerOffset"} -> Noting(saved, step.as, vcpu, reply'.offset)
      [] step.op = "GetSystemCounterState" ->
           Noting(Noting(saved, step.as \o ".cntvoff", vcpu, reply'.cntvoff),
                  step.as \o ".cntpoff", vcpu, reply'.cntpoff)
      [] step.op = "Compute"         -> Noting(saved, step.as, vcpu, Eval(step.value, vcpu, GuestKhz))
      [] step.op = "ReadRealtime"    -> Noting(saved, step.as, vcpu, Add(now, skew))
      [] step.op = "ReadHostCounter" -> Noting(saved, step.as, vcpu, cntpct)
      [] step.op = "ReadInstant"     -> Noting(Noting(saved, step.as \o ".counter", vcpu, cntpct),
                                               step.as \o ".realtime", vcpu, Add(now, skew))
      [] OTHER -> saved

\* A step that takes no time.
Do(vcpu) ==
  LET step == NextStep(vcpu) IN
  /\ Ready(vcpu)
  /\ step.op \notin Lasting
  /\ IF Skipped(step, GuestKhz)
     THEN Advance(vcpu) /\ UNCHANGED <<vars, refused, saved, stopped, resumed>>
     ELSE /\ IF IsKvm(step) THEN Kvm(step, vcpu) ELSE UNCHANGED vars
          /\ IF IsKvm(step) /\ ~Ended(step, vcpu)
             THEN Stay /\ UNCHANGED <<saved, refused>>
             ELSE /\ Advance(vcpu)
                  /\ Note(step, vcpu)
                  /\ refused' = (IsKvm(step) /\ Errno(reply') # 0 /\ ~step.mayFail)
          /\ stopped' = IF step.op = "ExitGuest" /\ V(vcpu) \in inGuest
                        THEN With(stopped, vcpu, [now |-> now, counter |-> Cntvct(V(vcpu)), clock |-> Cntpct(V(vcpu))])
                        ELSE stopped
          /\ resumed' = IF step.op = "EnterGuest" /\ Restored /\ resumed = {} THEN {now} ELSE resumed
  /\ Reads
  /\ UNCHANGED <<case, now, preemption, preempted, skew, blackout, again>>

\* The host's clocks some ticks later.
Pass(ticks) ==
  /\ TimePasses(Add(cntpct, Ticks(GuestKhz, ticks)))
  /\ now' = Add(now, ticks)

\* The old VM is gone; the other host has a new one, with no vCPU yet.
Move(ticks, counter) ==
  /\ now' = Add(now, ticks)
  /\ cntpct' = counter
  /\ cnthctlEl2' = [p \in DOMAIN cnthctlEl2 |-> ForHost]
  /\ cntvoffEl2' = [p \in DOMAIN cntvoffEl2 |-> Zero] /\ cntpoffEl2' = [p \in DOMAIN cntpoffEl2 |-> Zero]
  /\ voffset' = With(voffset, "a", Zero) /\ poffset' = With(poffset, "a", Zero)
  /\ vmCounterOffset' = {} /\ broadcasts' = << >>
  /\ creating' = {} /\ shadowCntvoff' = << >> /\ shadowCntpoff' = << >>
  /\ vtimer' = << >> /\ ptimer' = << >>
  /\ reply' = [op |-> "CreateVm"]
  /\ LET none == With(virtualSeen, "a", {})
     IN virtualSeen' = none /\ physicalSeen' = none /\ askedVirtual' = none /\ askedPhysical' = none /\ got' = none
  /\ UNCHANGED <<kernel, vhe, ecv, runVars>>

\* A step that takes time.
Last(vcpu) ==
  LET step == NextStep(vcpu) IN
  /\ Ready(vcpu)
  /\ step.op \in Lasting
  /\ Advance(vcpu)
  /\ \/ /\ Skipped(step, GuestKhz)
        /\ UNCHANGED <<vars, now, skew, blackout>>
     \/ /\ ~Skipped(step, GuestKhz)
        /\ \/ /\ step.op = "Work"
              /\ \E ticks \in Uptimes(Window) : Pass(ticks)
              /\ UNCHANGED <<skew, blackout>>
           \/ /\ step.op = "Wait"
              /\ \E ticks \in Waits(Window) : Pass(ticks) /\ blackout' = Add(blackout, ticks)
              /\ UNCHANGED skew
           \/ /\ step.op = "Blackout"
              /\ \E ticks \in Blackouts(Window), ahead \in Skews(Window) :
                   /\ blackout' = Add(blackout, ticks)
                   /\ skew' = ahead
                   /\ \/ ~Moves /\ Pass(ticks)
                      \/ Moves /\ \E counter \in Arrivals(ticks) : Move(ticks, counter)
  /\ Reads
  /\ UNCHANGED <<case, preemption, preempted, saved, refused, stopped, resumed, again>>

Preemption ==
  /\ MayBePreempted
  /\ \E kind \in Kinds : \E ticks \in Preemptions(kind, Window) :
       /\ Pass(ticks)
       /\ preemption' = kind
       /\ preempted' = Append(preempted, [ticks |-> ticks, at |-> at, done |-> done])
  /\ Reads
  /\ UNCHANGED <<case, at, done, saved, skew, refused, blackout, stopped, resumed, again>>

Made == [v \in online |-> <<VirtualOffset(v), PhysicalOffset(v)>>]

\* The VMM does the same restore again, before it lets the guest run.
RestoreAgain ==
  /\ MayRestoreAgain /\ inRun = {}
  /\ at' = BlackoutAt + 1
  /\ again' = {Made}
  /\ Reads
  /\ UNCHANGED <<vars, case, now, preemption, preempted, done, saved, skew, refused, blackout, stopped, resumed>>

MigrationArm64Init ==
  /\ case \in DOMAIN Cases
  /\ Host(Cases[case].kernel, TRUE, FALSE, Vcpus, SourceCounter, {"a"})
  /\ MigrationInit

MigrationArm64Next ==
  \/ \E vcpu \in Vcpus : Do(vcpu) \/ Last(vcpu)
  \/ Preemption
  \/ RestoreAgain

-----------------------------------------------------------------------------
(***************************************************************************)
(* What the VMM's user may count on.  SameLine and BroadcastComplete are   *)
(* KvmArm64's own.                                                         *)
(***************************************************************************)

\* Every step can be carried out: no ioctl refuses.  If it fails, the guest does not come back.
Completes == ~refused

\* No vCPU reads less of a counter than what any vCPU has read before, here or on the source.  If it
\* fails, time goes backwards for the guest.
MonotonicAcross ==
  Restored => \A v \in Executing : /\ ~Before(Cntvct(V(v)), seenCounter)
                                   /\ ~Before(Cntpct(V(v)), seenClock)

\* The virtual counter keeps to the policy, up to an error.  If it fails, the guest finds itself at
\* a time that its user did not choose.
VirtualKeepsPolicy(error) ==
  Restored => \A v \in Executing \cap DOMAIN stopped :
    KeepsPolicy(stopped[v].counter, Cntvct(V(v)), stopped[v].now, error, Window)
VirtualContinuous == VirtualKeepsPolicy(0)
VirtualContinuousUpToSteps == VirtualKeepsPolicy(Lost(preempted))

\* ... and so does the physical one.
PhysicalKeepsPolicy(error) ==
  Restored => \A v \in Executing \cap DOMAIN stopped :
    KeepsPolicy(stopped[v].clock, Cntpct(V(v)), stopped[v].now, error, Window)
PhysicalContinuous == PhysicalKeepsPolicy(0)
PhysicalContinuousUpToSteps == PhysicalKeepsPolicy(Lost(preempted))

\* From before to after, both counters have gone on by the same, up to an error.  If it fails, the
\* guest's two clocks have come apart.
ClocksStayWithin(error) ==
  Restored => \A v \in Executing \cap DOMAIN stopped :
    Near(Sub(Cntvct(V(v)), stopped[v].counter), Sub(Cntpct(V(v)), stopped[v].clock), error)
ClocksStayTogether == ClocksStayWithin(0)
ClocksStayTogetherUpToSteps == ClocksStayWithin(Lost(preempted))

\* A write of what was saved takes effect.  If it fails, the guest runs at a time that no one gave
\* it.
RestoreTakesEffect == WriteTakesEffect

\* Each timer that the VMM restores is as the guest had it, and fires when the guest's counter gets
\* there: its hardware compares on the line of that counter.  If it fails, the timer comes too early
\* or too late, or never.
TimerRestored ==
  Restored => \A n \in Executing :
    LET v == V(n)
        asBefore(timer) == timer[v] = [cval |-> FromNat(1), on |-> TRUE]
    IN /\ Places[case].vtimer => asBefore(vtimer) /\ cntvoffEl2[loadedOn[v]] = VirtualOffset(v)
       /\ (Places[case].ptimer /\ kernel.ptimerCnt) =>
            asBefore(ptimer) /\ PtimerFires(v, FromNat(1)) = PtimerDue(v, FromNat(1))

\* A second restore of the same changes nothing, up to an error.  If it fails, the guest's time
\* depends on how often and how fast the VMM has tried.
SameAgain(error) ==
  at = RunAt => \A made \in again :
    /\ DOMAIN made = online
    /\ \A v \in online : /\ Near(made[v][1], VirtualOffset(v), error)
                        /\ Near(made[v][2], PhysicalOffset(v), error)
IdempotentRestore == SameAgain(0)
IdempotentRestoreUpToSteps == SameAgain(Lost(preempted))

-----------------------------------------------------------------------------
(***************************************************************************)
(* For the matrix                                                          *)
(***************************************************************************)

Judged ==
  /\ Judge("Completes", Completes)
  /\ Judge("MonotonicAcross", MonotonicAcross)
  /\ Judge("SameLine", SameLine)
  /\ JudgeDistance("VirtualContinuous", VirtualContinuous, VirtualContinuousUpToSteps)
  /\ JudgeDistance("PhysicalContinuous", PhysicalContinuous, PhysicalContinuousUpToSteps)
  /\ JudgeDistance("ClocksStayTogether", ClocksStayTogether, ClocksStayTogetherUpToSteps)
  /\ JudgeDistance("IdempotentRestore", IdempotentRestore, IdempotentRestoreUpToSteps)
  /\ Judge("BroadcastComplete", BroadcastComplete)
  /\ Judge("RestoreTakesEffect", RestoreTakesEffect)
  /\ Judge("TimerOnTime", TimerRestored)
  /\ Judge("Unfinished", ~Over)

\* Without the places where time passed: of behaviours that differ only in these one is enough.
View == <<changing, recipeVars, Len(preempted), Lost(preempted)>>

Bookkeeping == << >>

\* What the guest's clocks show, or would show, for each vCPU: its virtual and its physical
\* counter.
Shown ==
  [n \in {m \in Vcpus : V(m) \in online} |->
     LET v == V(n)
     IN IF v \in inGuest THEN <<Cntvct(v), {Cntpct(v)}>>
        ELSE <<Sub(cntpct, VirtualOffset(v)), {Sub(cntpct, PhysicalOffset(v))}>>]
=============================================================================
