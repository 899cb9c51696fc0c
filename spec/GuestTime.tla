------------------------------ MODULE GuestTime ------------------------------
(***************************************************************************)
(* The contract: what a guest and its user may observe of a counter, on    *)
(* any architecture.                                                       *)
(*                                                                         *)
(* A guest has one counter, which every vCPU reads.  While the guest runs, *)
(* the counter is a line: real time plus a constant.  The user may hold    *)
(* the guest, ask for another line, and let the guest run: then the        *)
(* counter is on that line.  If the user asks for no other line, the       *)
(* counter continues on the old one, and the time of the hold counts.  No  *)
(* vCPU reads less than any vCPU has read on the same line before.  KVM    *)
(* reports the counter as stable only while there is a line.               *)
(***************************************************************************)
EXTENDS Words

VARIABLES
  now,      \* real time, in ticks of the counter
  line,     \* {} while the guest is held, otherwise {counter minus real time}
  asked,    \* {} or {the line that the guest must be on when it runs next}
  seen,     \* {} or {the last value read on the line asked for}
  claim     \* TRUE right after KVM reported "stable" to the user

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

\* If the user has not asked for a line before the guest first runs, KVM chooses one.
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
