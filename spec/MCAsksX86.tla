----------------------------- MODULE MCAsksX86 -------------------------------
(* KvmX86 under any VMM, where KVM also requests clock updates of its own.  *)
EXTENDS MCKvmX86

AsksNext == MCNext \/ \E vcpu \in 0 .. NrVcpus - 1 : AskForClockUpdate(vcpu)
AsksSpec == MCInit /\ [][AsksNext]_vars
=============================================================================
