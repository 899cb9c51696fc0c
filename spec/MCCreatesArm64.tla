--------------------------- MODULE MCCreatesArm64 ----------------------------
(* KvmArm64 under any VMM, from a host on: its VMs are created, too.        *)
EXTENDS MCKvmArm64

CreatesNext == MCNext \/ \E vm \in Vms : CreateVm(vm)
CreatesSpec == Host(KernelNamed(Kernel), Vhe, Ecv, Pcpus, Start, {}) /\ [][CreatesNext]_vars
=============================================================================
