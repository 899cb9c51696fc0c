------------------------------ MODULE MCKvmX86 -------------------------------
(* KvmX86 under any VMM, with bounds.                                       *)
EXTENDS KvmX86

CONSTANT Kernel       \* a kernel, by name

\* The bounds of most models.  A configuration may override them.
StartTsc         == 20     \* the host's TSC when the VM is created
Duration         == 1      \* the longest behaviour, cycles
Khz              == NsPerSecond \div CyclesPerKhz   \* the host's rate: a cycle lasts a nanosecond
ClocksourceKhz   == Khz    \* ... and as the host's clocks are computed from it
FracBits         == 0      \* of the host's TSC scaling; 0: none
TscIsClocksource == TRUE
NrVcpus          == 2      \* the vCPUs are 0 .. NrVcpus - 1
Slew             == 0      \* ns by which NTP may correct the base clock, where it does
MaxWrites        == 2      \* generations that may be opened
Kvmclock         == FALSE  \* TRUE: the guest uses kvmclock

\* What the VMM may write: the TSC by value, by offset; a vCPU's or the VM's rate; what kvmclock
\* may be set to, and with which flags.
Values  == {}
Offsets == {}
Rates   == {}
Clocks  == {0}
Flags   == {0}

\* What the guest may write to its TSC; what host and guest may write to TSC_ADJUST.
GuestWrites == {}
Adjusts     == {}

\* The deadlines that host and guest may write to MSR_IA32_TSC_DEADLINE; and what the VMM restores
\* before it, of "lapic", the local APIC, and "tsc", the offset.
Deadlines     == {}
DeadlineAfter == {}

\* Which events may happen.  "clocksource", "unstable", "resume": to the host; "masterclock": KVM
\* may request an update; "update": an entry's update may be a step of its own; "legacy", "moves": how
\* the guest may register its page again; "memory": the VMM may load a page.
Events == {}

\* The other operations that may happen.  SetClock takes its values from Clocks and Flags;
\* GetTscKhz needs Rates, WriteTscAdjust and ReadTscAdjust need Adjusts, GuestReadClock and
\* KvmclockCtrl Kvmclock.
Ops == {"GetClock", "SetClock", "GetTscOffset", "ReadTsc", "ExitGuest", "GuestReadTsc",
        "GetTscKhz", "WriteTscAdjust", "ReadTscAdjust", "GuestReadClock", "KvmclockCtrl"}

MCInit == NewVm(KernelNamed(Kernel), Khz, ClocksourceKhz, FracBits, TscIsClocksource, FALSE, StartTsc, Zero, Zero)

\* One cycle passes.  CLOCK_REALTIME advances with the base clock.
Tick ==
  LET tsc == Add(hostTsc, 1)
      due == Add(paceNs, CyclesToNs(clocksourceKhz, Sub(tsc, paceTsc)))
      off == IF kernel.slewedBaseClock THEN Slew ELSE Drift
  IN \E late \in 0 .. off : LET ns == Sub(Add(due, off), late) IN TimePasses(tsc, ns, ns)

Has(op) == op \in Ops

\* May the VMM still restore this of a vCPU?
MayRestore(part, vcpu) == ~(part \in DeadlineAfter /\ (vcpu \in userDeadline \/ tscDeadline[vcpu] # {}))

Timer(vcpu) ==
  \/ \E mode \in BOOLEAN : vcpu \in online /\ MayRestore("lapic", vcpu) /\ SetLapic(vcpu, mode)
  \/ \E deadline \in Deadlines :
       \/ ("lapic" \in DeadlineAfter => vcpu \in tscDeadlineMode) /\ WriteTscDeadline(vcpu, deadline)
       \/ vcpu \in inGuest /\ \E mode \in BOOLEAN : GuestSetsTimer(vcpu, mode, deadline)
  \/ ReadTscDeadline(vcpu)
  \/ TimerFires(vcpu)

MCNext ==
  \/ Has("GetClock") /\ (BeginGetClock \/ GetClock)
  \/ Has("SetClock") /\ (BeginSetClock \/ \E clock \in Clocks, flags \in Flags : SetClock(clock, flags, Zero))
  \/ Tick
  \/ \E vcpu \in 0 .. NrVcpus - 1 :
       \/ CreateVcpu(vcpu)
       \/ \E value \in Values : WriteTsc(vcpu, value)
       \/ \E offset \in Offsets : vcpu \in online /\ MayRestore("tsc", vcpu) /\ SetTscOffset(vcpu, offset)
       \/ Deadlines # {} /\ Timer(vcpu)
       \/ Has("GetTscOffset") /\ GetTscOffset(vcpu)
       \/ Has("ReadTsc") /\ ReadTsc(vcpu)
       \/ EnterGuest(vcpu)
       \/ Has("ExitGuest") /\ ExitGuest(vcpu)
       \/ Has("GuestReadTsc") /\ GuestReadTsc(vcpu)
       \/ \E khz \in Rates : SetTscKhz(vcpu, khz) \/ SetVmTscKhz(khz)
       \/ Rates # {} /\ Has("GetTscKhz") /\ GetTscKhz(vcpu)
       \/ \E value \in GuestWrites : GuestWriteTsc(vcpu, value)
       \/ \E value \in Adjusts : \/ Has("WriteTscAdjust") /\ WriteTscAdjust(vcpu, value)
                                \/ GuestWriteTscAdjust(vcpu, value)
       \/ Adjusts # {} /\ Has("ReadTscAdjust") /\ (ReadTscAdjust(vcpu) \/ GuestReadTscAdjust(vcpu))
       \/ /\ Kvmclock
          /\ \/ WriteSystemTime(vcpu, TRUE, FALSE)
             \/ vcpu \in kicked /\ ReenterGuest(vcpu)
             \/ Has("GuestReadClock") /\ GuestReadClock(vcpu, vcpu)
             \/ Has("KvmclockCtrl") /\ (KvmclockCtrl(vcpu) \/ GuestClearsStopped(vcpu))
       \/ "unstable" \in Events /\ (VcpuLoad(vcpu) \/ CancelEntry(vcpu))
       \/ "masterclock" \in Events /\ AskForMasterclockUpdate(vcpu)
       \/ "update" \in Events /\ PerformMasterclockUpdate(vcpu)
       \/ /\ {"legacy", "moves"} \cap Events # {}
          /\ \E legacy \in {FALSE, "legacy" \in Events}, moves \in {FALSE, "moves" \in Events} :
               GuestWriteSystemTime(vcpu, TRUE, legacy, moves)
       \/ /\ "memory" \in Events
          /\ \E version \in {0, 4}, flags \in {0, 2} :
               WritePvclockPage(vcpu, version, Zero, Zero, 1, 0, flags)
  \/ \E isTsc \in BOOLEAN : "clocksource" \in Events /\ HostClocksource(isTsc)
  \/ "unstable" \in Events /\ HostTscUnstable
  \/ "resume" \in Events /\ ~backwardsTscObserved /\ HostResumes(2, hostNs)

Bounded == /\ Sub(hostNs, Zero) <= CyclesToNs(Khz, Duration)
           /\ curTscGeneration <= MaxWrites /\ nrVcpusMatched <= NrVcpus
           /\ \A v \in online : pvclock[v].version <= 4

MCSpec == MCInit /\ [][MCNext]_vars

\* For liveness the bounds are part of the system: TLC must not leave a state out of a behaviour.
MCFair ==
  /\ MCInit /\ [][MCNext /\ Bounded']_vars
  /\ \A vcpu \in 0 .. NrVcpus - 1 : WF_vars(EnterGuest(vcpu)) /\ WF_vars(ExitGuest(vcpu))

\* A vCPU with a pending masterclock update performs it.
UpdatesArePerformed ==
  \A vcpu \in 0 .. NrVcpus - 1 : (vcpu \in masterclockUpdate) ~> (vcpu \notin masterclockUpdate)

\* The view leaves out what never changes.
View == changing

\* For models with properties of the TSC alone.
TscView == TscOnly
=============================================================================
