------------------------------ MODULE GuestTime ------------------------------
(***************************************************************************)
(* The contract: what a guest and its user may observe of a counter,       *)
(* whatever the architecture.                                              *)
(*                                                                         *)
(* A guest has one counter, though each vCPU reads it for itself.  While   *)
(* the guest runs, the counter is a line: real time plus a constant.  The  *)
(* user may hold the guest, ask for another line, and let it run: then the *)
(* line is the one that was asked for.  A guest that was held and not told *)
(* otherwise goes on where real time has come to.  No vCPU reads less than *)
(* any vCPU has read on the same line before.  The user is told that the   *)
(* counter is stable only while there is a line.                           *)
(***************************************************************************)
EXTENDS Words

VARIABLES
  now,      \* real time, in ticks of the counter
  line,     \* {} while the guest is held, else {counter minus real time}
  asked,    \* {} or {the line that the guest is to run on when it runs next}
  seen,     \* {} or {the last value read on the line asked for}
  claim     \* TRUE right after the user was told "stable"

Init ==
  /\ IsWord(now)
  /\ line = {} /\ asked = {} /\ seen = {}
  /\ claim = FALSE

Running == line # {}

TimePasses ==
  /\ IsWord(now') /\ Before(now, now')
  /\ UNCHANGED <<line, asked, seen>>

\* The user sets the counter of a guest that it holds.
Ask ==
  /\ ~Running
  /\ \E wanted \in asked' : IsWord(wanted) /\ asked' = {wanted}
  /\ seen' = {}
  /\ UNCHANGED <<now, line>>

\* A guest that runs for the first time, and was never told a line, gets one.
Run ==
  /\ ~Running
  /\ \E given \in line' : IsWord(given) /\ line' = {given}
  /\ asked # {} => line' = asked
  /\ asked' = line'
  /\ UNCHANGED <<now, seen>>

Hold ==
  /\ Running
  /\ line' = {}
  /\ UNCHANGED <<now, asked, seen>>

Read ==
  \E given \in line :
    LET value == Add(now, given)
    IN /\ \A earlier \in seen : ~Before(value, earlier)
       /\ seen' = {value}
       /\ UNCHANGED <<now, line, asked>>

Next ==
  /\ TimePasses \/ Ask \/ Run \/ Hold \/ Read \/ UNCHANGED <<now, line, asked, seen>>
  /\ claim' \in BOOLEAN
  /\ claim' => line' # {}

Spec == Init /\ [][Next]_<<now, line, asked, seen, claim>>
=============================================================================
