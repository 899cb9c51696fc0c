----------------------------- MODULE MCVmmArm64 -----------------------------
(* VmmArm64 with bounds.                                                    *)
EXTENDS VmmArm64

CONSTANT Kernel       \* a kernel, by name

\* The bounds of most models.  A configuration may override them.
Vhe      == TRUE       \* the host's mode
Ecv      == FALSE      \* ... and hardware
Pcpus    == {0, 1}     \* its physical CPUs
Start    == 5          \* the host's counter at first
Duration == 1          \* the longest behaviour, ticks

MCInit == Host(KernelNamed(Kernel), Vhe, Ecv, Pcpus, Start, {"a"}) /\ VmmInit

MCNext ==
  \/ Create
  \/ \E x \in Targets : Write(x)
  \/ \E vcpu \in Vcpus : Loop(vcpu) \/ \E pcpu \in Pcpus : Guest(vcpu, pcpu)
  \/ LetRun
  \/ Hold
  \/ (Sub(cntpct, Start) < Duration /\ Preemption(Add(cntpct, 1)))

MCSpec == MCInit /\ [][MCNext]_allVars

\* The view leaves out what never changes.
View == <<changing, vmmVars>>
=============================================================================
