------------------------------- MODULE Kernels -------------------------------
(***************************************************************************)
(* What each kernel does, as named switches: one for each behaviour that   *)
(* changed between versions.  A profile is a name for a set of them.  The  *)
(* same table stands in Java (dev.longitude.kernel.KernelProfile); a test  *)
(* reads this one and proves both equal.                                   *)
(***************************************************************************)
EXTENDS TLC

(***************************************************************************)
(* userSetTscGate: a host write by value joins the current generation only *)
(*   if userspace has set the TSC before.  Without it the first write to a *)
(*   guest that is less than a second old is taken for a late part of its  *)
(*   creation, and the written value is dropped.                           *)
(*   Since 6.7, commit bf328e22e472.                                       *)
(*                                                                         *)
(* trackOnlyOnChange: after a TSC write the masterclock is re-evaluated    *)
(*   only where that can change it: a new generation while it is on, or a  *)
(*   state that is not the wanted one.  Without it, every write asks for   *)
(*   an update while the masterclock is on.                                *)
(*   Since 6.8, commit c52ffadc65e2.                                       *)
(*                                                                         *)
(* recordsGenerationEarly: a vCPU notes its generation before the write    *)
(*   opens a new one, so that its next matched write counts as joining.    *)
(*   Posted only: patch 02/12 of the series, v2 and v3, July 2021.         *)
(*                                                                         *)
(* keepsLineOnMatch: a write that joins is remembered with the value that  *)
(*   the line has at that instant.  Without it the dropped value is        *)
(*   remembered (0 for a creation), and the next write is measured by it.  *)
(*   Posted only: "Cleaning up the KVM clock mess", v6, patch 16.          *)
(*                                                                         *)
(* zeroIsAValue: a host write of 0 is a value like others; only creation   *)
(*   is forced to join.  In no kernel and not posted: what the ioctl says. *)
(*                                                                         *)
(* vmTscKhzFirst: the rate that later vCPUs get cannot be set any more     *)
(*   once there is a vCPU.  Without it vCPUs of one VM may get different   *)
(*   rates.                                                                *)
(*   Since 6.17, commit dcbe5a466c12.                                      *)
(*                                                                         *)
(* synchronizesOnKhz: a vCPU whose rate is set goes on from the value that *)
(*   its TSC has, and counts as written.  Without it the offset stays, the *)
(*   TSC jumps by what the ratio makes of the host's TSC, and the books do *)
(*   not learn of it.                                                      *)
(*   Posted only: "Cleaning up the KVM clock mess", v6, patch 27.          *)
(*                                                                         *)
(* refusalKeepsKhz: a refused KVM_SET_TSC_KHZ leaves the rate as it was.   *)
(*   Without it KVM_GET_TSC_KHZ returns the refused rate afterwards.       *)
(*   In no kernel and not posted: what an error says.                      *)
(*                                                                         *)
(* matchesOffsets: the masterclock looks at whether the offsets are equal, *)
(*   not at who wrote in which generation.                                 *)
(*   Posted only: the same series, patches 18 and 19, in their simplest    *)
(*   form.                                                                 *)
(***************************************************************************)
LOCAL Without == [userSetTscGate         |-> FALSE,
                  trackOnlyOnChange      |-> FALSE,
                  recordsGenerationEarly |-> FALSE,
                  keepsLineOnMatch       |-> FALSE,
                  zeroIsAValue           |-> FALSE,
                  vmTscKhzFirst          |-> FALSE,
                  synchronizesOnKhz      |-> FALSE,
                  refusalKeepsKhz        |-> FALSE,
                  matchesOffsets         |-> FALSE]
LOCAL Gated   == [Without EXCEPT !.userSetTscGate = TRUE]
LOCAL Sparing == [Gated EXCEPT !.trackOnlyOnChange = TRUE]
LOCAL Latest  == [Sparing EXCEPT !.vmTscKhzFirst = TRUE]

Profiles ==
     "series-v2" :> [Without EXCEPT !.recordsGenerationEarly = TRUE]
  @@ "v5.16"     :> Without
  @@ "v6.1"      :> Without
  @@ "v6.7"      :> Gated
  @@ "v6.8"      :> Sparing
  @@ "v6.12"     :> Sparing
  @@ "v7.3"      :> Latest
  @@ "corrected" :> [Latest EXCEPT !.keepsLineOnMatch  = TRUE,
                                   !.zeroIsAValue      = TRUE,
                                   !.synchronizesOnKhz = TRUE,
                                   !.refusalKeepsKhz   = TRUE,
                                   !.matchesOffsets    = TRUE]
=============================================================================
