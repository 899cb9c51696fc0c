------------------------------ MODULE ReplayX86 ------------------------------
(***************************************************************************)
(* Replays traces of x86 in TLC itself.  See Replay.                       *)
(***************************************************************************)
EXTENDS TraceKvmX86, Replay

\* What an event may show of the state after it.
Shown ==
  [online |-> online,
   lastTscNsec |-> lastTscNsec,
   lastTscWrite |-> lastTscWrite,
   lastTscKhz |-> lastTscKhz,
   lastTscOffset |-> lastTscOffset,
   curTscNsec |-> curTscNsec,
   curTscWrite |-> curTscWrite,
   curTscOffset |-> curTscOffset,
   curTscGeneration |-> curTscGeneration,
   nrVcpusMatched |-> nrVcpusMatched,
   userSetTsc |-> userSetTsc,
   useMasterClock |-> useMasterClock,
   masterKernelNs |-> masterKernelNs,
   masterCycleNow |-> masterCycleNow,
   kvmclockOffset |-> kvmclockOffset,
   backwardsTscObserved |-> backwardsTscObserved,
   bootVcpuRunsOldKvmclock |-> bootVcpuRunsOldKvmclock,
   defaultTscKhz |-> defaultTscKhz,
   virtualTscKhz |-> virtualTscKhz,
   tscScalingRatio |-> tscScalingRatio,
   tscOffset |-> tscOffset,
   thisTscNsec |-> thisTscNsec,
   thisTscWrite |-> thisTscWrite,
   thisTscGeneration |-> thisTscGeneration,
   tscAdjust |-> tscAdjust,
   lastGuestTsc |-> lastGuestTsc,
   pvclockActive |-> pvclockActive,
   pvclockVersion |-> pvclockVersion,
   pvclockTscTimestamp |-> pvclockTscTimestamp,
   pvclockSystemTime |-> pvclockSystemTime,
   pvclockMul |-> pvclockMul,
   pvclockShift |-> pvclockShift,
   pvclockFlags |-> pvclockFlags,
   tscCatchup |-> tscCatchup,
   tscAlwaysCatchup |-> tscAlwaysCatchup,
   masterclockUpdate |-> masterclockUpdate,
   clockUpdate |-> clockUpdate,
   stoppedRequest |-> stoppedRequest,
   kicked |-> kicked,
   inGuest |-> inGuest]

Taken(e) ==
  LET a == e.args
  IN   CASE e.op = "CreateVm" -> FALSE   \* (a VM is created once)
         [] e.op = "CreateVcpu" -> CreateVcpu(a.vcpu)
         [] e.op = "WriteTsc" -> WriteTsc(a.vcpu, a.value)
         [] e.op = "ReadTsc" -> ReadTsc(a.vcpu)
         [] e.op = "SetTscOffset" -> SetTscOffset(a.vcpu, a.offset)
         [] e.op = "GetTscOffset" -> GetTscOffset(a.vcpu)
         [] e.op = "SetTscKhz" -> SetTscKhz(a.vcpu, a.khz)
         [] e.op = "GetTscKhz" -> GetTscKhz(a.vcpu)
         [] e.op = "GetVmTscKhz" -> GetVmTscKhz
         [] e.op = "SetVmTscKhz" -> SetVmTscKhz(a.khz)
         [] e.op = "WriteTscAdjust" -> WriteTscAdjust(a.vcpu, a.value)
         [] e.op = "ReadTscAdjust" -> ReadTscAdjust(a.vcpu)
         [] e.op = "SetLapic" -> SetLapic(a.vcpu, a.deadlineMode)
         [] e.op = "WriteTscDeadline" -> WriteTscDeadline(a.vcpu, a.deadline)
         [] e.op = "ReadTscDeadline" -> ReadTscDeadline(a.vcpu)
         [] e.op = "BeginSetClock" -> BeginSetClock
         [] e.op = "SetClock" -> SetClock(a.clock, a.flags, a.realtime)
         [] e.op = "BeginGetClock" -> BeginGetClock
         [] e.op = "GetClock" -> GetClock
         [] e.op = "WriteSystemTime" -> WriteSystemTime(a.vcpu, a.active, a.moves)
         [] e.op = "KvmclockCtrl" -> KvmclockCtrl(a.vcpu)
         [] e.op = "ReadPvclockPage" -> ReadPvclockPage(a.vcpu)
         [] e.op = "WritePvclockPage" ->
              WritePvclockPage(a.vcpu, a.version, a.tscTimestamp, a.systemTime, a.mul, a.shift, a.flags)
         [] e.op = "VcpuLoad" -> VcpuLoad(a.vcpu)
         [] e.op = "AskForClockUpdate" -> AskForClockUpdate(a.vcpu)
         [] e.op = "AskForMasterclockUpdate" -> AskForMasterclockUpdate(a.vcpu)
         [] e.op = "TakeHostTsc" -> TakeHostTsc(a.vcpu)
         [] e.op = "PerformMasterclockUpdate" -> PerformMasterclockUpdate(a.vcpu)
         [] e.op = "EnterGuest" -> EnterGuest(a.vcpu)
         [] e.op = "CancelEntry" -> CancelEntry(a.vcpu)
         [] e.op = "ReenterGuest" -> ReenterGuest(a.vcpu)
         [] e.op = "ExitGuest" -> ExitGuest(a.vcpu)
         [] e.op = "GuestReadTsc" -> GuestReadTsc(a.vcpu)
         [] e.op = "GuestWriteTsc" -> GuestWriteTsc(a.vcpu, a.value)
         [] e.op = "GuestWriteTscAdjust" -> GuestWriteTscAdjust(a.vcpu, a.value)
         [] e.op = "GuestReadTscAdjust" -> GuestReadTscAdjust(a.vcpu)
         [] e.op = "GuestSetsTimer" -> GuestSetsTimer(a.vcpu, a.deadlineMode, a.deadline)
         [] e.op = "TimerFires" -> TimerFires(a.vcpu)
         [] e.op = "GuestReadClock" -> GuestReadClock(a.vcpu, a.page)
         [] e.op = "GuestClearsStopped" -> GuestClearsStopped(a.vcpu)
         [] e.op = "GuestWriteSystemTime" ->
              GuestWriteSystemTime(a.vcpu, a.active, a.legacy, a.moves)
         [] e.op = "HostClocksource" -> HostClocksource(a.isTsc)
         [] e.op = "HostTscUnstable" -> HostTscUnstable
         [] e.op = "HostResumes" -> HostResumes(a.missing, a.ns)

TimeTo(at) ==
  IF Len(at) = 3 THEN TimePasses(at[1], at[2], at[3]) ELSE TimePassesBetweenReads(at[1], at[2], at[3], at[4])

\* The creation of the VM is the first event, and no step from a state.
Init ==
  \E s \in DOMAIN Subjects :
    LET host  == Subjects[s].host
        first == Subjects[s].events[1]
    IN /\ first.op = "CreateVm"
       /\ subject = s /\ event = 2 /\ timed = FALSE
       /\ NewVm(Switches(Subjects[s].kernel), host.tscKhz, host.clocksourceKhz, host.tscFracBits,
                host.tscClocksource, host.tscUnstable, first.at[1], first.at[2], first.at[3])
       /\ Observed(first, reply, Shown)
       /\ Took(s, 1)

Next ==
  /\ event <= Len(Events) /\ UNCHANGED subject
  /\ \/ ~timed /\ timed' = TRUE /\ UNCHANGED event /\ TimeTo(Event.at)
     \/ /\ timed /\ timed' = FALSE /\ event' = event + 1
        /\ Taken(Event) /\ Observed(Event, reply', Shown') /\ Took(subject, event)
=============================================================================
