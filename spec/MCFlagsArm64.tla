---------------------------- MODULE MCFlagsArm64 ----------------------------
(* KvmArm64 under any VMM that also passes other flags than PHYS_OFFSET to  *)
(* KVM_SET_SYSTEM_COUNTER_STATE: none, and one that KVM does not know.      *)
EXTENDS MCKvmArm64

FlagsNext ==
  \/ MCNext
  \/ \E vcpu \in Vcpus, pcpu \in Pcpus, flags \in {0, 2}, offset \in Offsets :
       Ready /\ SetSystemCounterState(vcpu, pcpu, flags, offset, offset)

FlagsSpec == MCInit /\ [][FlagsNext]_vars
=============================================================================
