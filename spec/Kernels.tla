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
(***************************************************************************)
Profiles ==
     "v6.1"  :> [userSetTscGate |-> FALSE, trackOnlyOnChange |-> FALSE]
  @@ "v6.12" :> [userSetTscGate |-> TRUE,  trackOnlyOnChange |-> TRUE]
=============================================================================
