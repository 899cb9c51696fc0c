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
          MaxWrites     \* generations that may be opened

MCInit == NewVm(Profiles[Kernel], Khz, FracBits, TscIsClocksource, StartTsc)

MCNext ==
  \/ GetClock
  \/ SetClock
  \/ TimePasses(Add(hostTsc, 1))
  \/ \E vcpu \in 0 .. NrVcpus - 1 :
       \/ CreateVcpu(vcpu)
       \/ \E value \in Values : WriteTsc(vcpu, value)
       \/ \E offset \in Offsets : SetTscOffset(vcpu, offset)
       \/ GetTscOffset(vcpu)
       \/ ReadTsc(vcpu)
       \/ EnterGuest(vcpu)
       \/ ExitGuest(vcpu)
       \/ GuestReadTsc(vcpu)
       \/ \E khz \in Rates : SetTscKhz(vcpu, khz) \/ SetVmTscKhz(khz)
       \/ Rates # {} /\ GetTscKhz(vcpu)
       \/ \E value \in GuestWrites : GuestWriteTsc(vcpu, value)
       \/ \E value \in Adjusts : WriteTscAdjust(vcpu, value) \/ GuestWriteTscAdjust(vcpu, value)
       \/ Adjusts # {} /\ (ReadTscAdjust(vcpu) \/ GuestReadTscAdjust(vcpu))

MCSpec == MCInit /\ [][MCNext]_vars

Bounded == /\ Sub(hostTsc, StartTsc) <= Duration
           /\ curTscGeneration <= MaxWrites
=============================================================================
