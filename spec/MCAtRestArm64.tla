--------------------------- MODULE MCAtRestArm64 ----------------------------
(* KvmArm64 under any VMM, where no loop is under way.                      *)
EXTENDS MCKvmArm64

\* While KVM copies no offset, the vCPUs of a VM have one.  If it fails, two threads of the
\* guest disagree about the time until the next set, however the VMM stops them.
OneOffsetAtRest ==
  \A v, w \in online :
    (VmOf(v) = VmOf(w) /\ Unlocked(VmOf(v))) => VirtualOffset(v) = VirtualOffset(w)
=============================================================================
