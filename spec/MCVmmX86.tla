------------------------------ MODULE MCVmmX86 -------------------------------
(* VmmX86 with bounds.  models/*.cfg: the kernel, the vCPUs, how the VMM writes.  *)
EXTENDS VmmX86

CONSTANTS Kernel,       \* a kernel, by name
          Duration      \* the longest behaviour, cycles

\* A configuration overrides these where it has them otherwise.
StartTsc == 20                           \* the host's TSC when the VM is created
Khz      == NsPerSecond \div CyclesPerKhz   \* the host's rate: a cycle lasts a nanosecond

MCInit == NewVm(KernelNamed(Kernel), Khz, Khz, 0, TRUE, FALSE, StartTsc, Zero, Zero) /\ VmmInit

MCSpec == MCInit /\ [][VmmNext]_allVars

InTime == /\ Sub(hostTsc, StartTsc) <= Duration
          /\ \A v \in online : pvclock[v].version <= 4

\* The view leaves out what never changes.
View == <<changing, vmmVars>>

\* For models with properties of the TSC alone.
TscView == <<TscOnly, vmmVars>>
=============================================================================
