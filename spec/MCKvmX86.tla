------------------------------ MODULE MCKvmX86 -------------------------------
(* KvmX86 under any VMM whatever, with bounds.                              *)
EXTENDS KvmX86

CONSTANTS Kernel,       \* name of a profile
          Khz,          \* a second has Khz * CyclesPerKhz cycles
          FracBits,     \* of the host's TSC scaling; 0: none
          TscIsClocksource,
          StartTsc,     \* the host's TSC when the VM is created
          Duration,     \* cycles that a behaviour may take
          NrVcpus,      \* the vCPUs are 0 .. NrVcpus - 1
          Values,       \* what the VMM may write by value
          Offsets,      \* what it may write as an offset
          Rates,        \* what it may set as a vCPU's or the VM's rate; mostly none
          Adjusts,      \* what host and guest may write to TSC_ADJUST; mostly none
          GuestWrites,  \* what the guest may write to its TSC; mostly none
          Clocks,       \* what the VMM may set kvmclock to
          Flags,        \* ... and with which flags
          Kvmclock,     \* TRUE: the guest uses kvmclock
          Events,       \* of "clocksource", "unstable", "resume": what may befall the host; of
                        \* "masterclock": KVM may ask for an update; of "legacy", "moves": how the
                        \* guest may register its page anew; of "memory": the VMM may load a page
          Without,      \* the operations that are left out, by name; mostly none
          MaxWrites     \* generations that may be opened

MCInit == NewVm(KernelNamed(Kernel), Khz, FracBits, TscIsClocksource, FALSE, StartTsc, Zero, Zero)

\* One cycle passes.  CLOCK_REALTIME goes with the base clock.
Tick ==
  LET tsc == Add(hostTsc, 1)
      due == Add(paceNs, CyclesToNs(tscKhz, Sub(tsc, paceTsc)))
  IN \E late \in 0 .. Drift : LET ns == Sub(Add(due, Drift), late) IN TimePasses(tsc, ns, ns)

Has(op) == op \notin Without

MCNext ==
  \/ Has("GetClock") /\ (BeginGetClock \/ GetClock)
  \/ Has("SetClock") /\ (BeginSetClock \/ \E clock \in Clocks, flags \in Flags : SetClock(clock, flags, Zero))
  \/ Tick
  \/ \E vcpu \in 0 .. NrVcpus - 1 :
       \/ CreateVcpu(vcpu)
       \/ \E value \in Values : WriteTsc(vcpu, value)
       \/ \E offset \in Offsets : SetTscOffset(vcpu, offset)
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
       \/ "unstable" \in Events /\ (LoadVcpu(vcpu) \/ CancelEntry(vcpu))
       \/ "masterclock" \in Events /\ AskForMasterclockUpdate(vcpu)
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

\* For liveness the bounds are the system's own, for TLC must not leave a state out of a behaviour.
MCFair ==
  /\ MCInit /\ [][MCNext /\ Bounded']_vars
  /\ \A vcpu \in 0 .. NrVcpus - 1 : WF_vars(EnterGuest(vcpu)) /\ WF_vars(ExitGuest(vcpu))

\* A vCPU that is asked for a masterclock update performs it.
UpdatesArePerformed ==
  \A vcpu \in 0 .. NrVcpus - 1 : (vcpu \in masterclockUpdate) ~> (vcpu \notin masterclockUpdate)

\* What never changes need not be looked at in every state.
View == changing

\* For the models whose properties are of the TSC alone.
TscView == TscOnly
=============================================================================
