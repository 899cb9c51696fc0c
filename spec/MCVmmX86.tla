------------------------------ MODULE MCVmmX86 -------------------------------
(* VmmX86 with bounds.  Which kernel, how many vCPUs and which way: models/*.cfg. *)
EXTENDS VmmX86

CONSTANTS Kernel,       \* a kernel, by name
          Duration      \* cycles that a behaviour may take

\* A configuration overrides these where it has them otherwise.
StartTsc == 20                           \* the host's TSC when the VM is created
Khz      == NsPerSecond \div CyclesPerKhz   \* the host's: a cycle lasts a nanosecond

MCInit == NewVm(KernelNamed(Kernel), Khz, 0, TRUE, FALSE, StartTsc, Zero, Zero) /\ VmmInit

MCSpec == MCInit /\ [][VmmNext]_allVars

InTime == /\ Sub(hostTsc, StartTsc) <= Duration
          /\ \A v \in online : pvclock[v].version <= 4

\* What never changes need not be looked at in every state.
View == <<changing, vmmVars>>

\* For the models whose properties are of the TSC alone.
TscView == <<TscOnly, vmmVars>>
=============================================================================
