----------------------------- MODULE MCVmmArm64 -----------------------------
(* VmmArm64 with bounds.                                                    *)
EXTENDS VmmArm64

CONSTANTS Kernel,       \* name of a profile
          Vhe, Ecv,     \* the host's mode and hardware
          Pcpus,        \* its physical CPUs
          Start,        \* the host's counter at first
          Duration      \* ticks that a behaviour may take

MCInit == Host(KernelNamed(Kernel), Vhe, Ecv, Pcpus, Start, {"a"}) /\ VmmInit

MCNext ==
  \/ Create
  \/ \E x \in Targets : Write(x)
  \/ \E vcpu \in Vcpus : Loop(vcpu) \/ \E pcpu \in Pcpus : Guest(vcpu, pcpu)
  \/ LetRun
  \/ Hold
  \/ (Sub(cntpct, Start) < Duration /\ Preemption(Add(cntpct, 1)))

MCSpec == MCInit /\ [][MCNext]_allVars

\* What never changes need not be looked at in every state.
View == <<changing, vmmVars>>
=============================================================================
