---------------------------- MODULE MCWrongArm64 -----------------------------
(***************************************************************************)
(* KvmArm64 under any VMM that also asks for what must not be: with        *)
(* arguments that are no words, of a VM, a vCPU or a CPU that is not       *)
(* there, on a kernel that has no such operation; and the host's counter   *)
(* does not go back.  None of it happens: the states are those of          *)
(* MCKvmArm64.                                                             *)
(***************************************************************************)
EXTENDS MCKvmArm64

NoWord  == Modulus
NoVcpu  == <<"z", 0>>
NoPcpu  == 9

\* Each operation with a word, of vcpu, with x in its place.
WithWord(vcpu, x) ==
  \/ SetTimerCnt(vcpu, x) \/ SetPtimerCnt(vcpu, x)
  \/ SetVtimerOffset(vcpu, x) \/ SetPtimerOffset(vcpu, x)
  \/ \E pcpu \in Pcpus : \/ SetSystemCounterState(vcpu, pcpu, PHYS_OFFSET, x, Zero)
                         \/ SetSystemCounterState(vcpu, pcpu, PHYS_OFFSET, Zero, x)
  \/ SetVtimerCval(vcpu, x) \/ SetPtimerCval(vcpu, x)
  \/ GuestSetVtimer(vcpu, x) \/ GuestSetPtimer(vcpu, x)

\* Each operation that not every kernel has, where it has not.  (Those of the physical timer report an
\* error.)
NotThere(vcpu) ==
  \/ ~kernel.systemCounterState /\ GetSystemCounterState(vcpu)
  \/ ~kernel.systemCounterState /\ \E pcpu \in Pcpus : SetSystemCounterState(vcpu, pcpu, PHYS_OFFSET, Zero, Zero)
  \/ ~kernel.timerOffsetAttrs /\ (GetVtimerOffset(vcpu) \/ GetPtimerOffset(vcpu))
  \/ ~kernel.timerOffsetAttrs /\ (SetVtimerOffset(vcpu, Zero) \/ SetPtimerOffset(vcpu, Zero))
  \/ ~kernel.ptimerCnt /\ (GetPtimerCval(vcpu) \/ GetPtimerCtl(vcpu) \/ SetPtimerCval(vcpu, Zero) \/ SetPtimerCtl(vcpu, TRUE))
  \/ kernel.offsetsOfVm /\ BeginCreateVcpu(vcpu)

Wrong ==
  \/ Step("a", NoVcpu, 0, NoWord, NoWord, Zero, PHYS_OFFSET, TRUE, TRUE)
  \/ WithWord(NoVcpu, Zero)
  \/ SetCounterOffset("z", Zero, Zero) \/ SetCounterOffset("a", NoWord, Zero)
  \/ \E vcpu \in Vcpus : WithWord(vcpu, NoWord) \/ NotThere(vcpu) \/ VcpuLoad(vcpu, NoPcpu)
  \/ TimePasses(NoWord) \/ TimePasses(Sub(cntpct, 1))

WrongSpec == MCInit /\ [][MCNext \/ Wrong]_vars
=============================================================================
