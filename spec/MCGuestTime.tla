----------------------------- MODULE MCGuestTime -----------------------------
(***************************************************************************)
(* The contract itself.  It is checked as a property, and one that says    *)
(* less would hold all the more.  Here each step that it allows is a state *)
(* of its own: a contract that allows more, or less, has more or fewer.    *)
(***************************************************************************)
EXTENDS GuestTime

CONSTANT Lines    \* the lines that the user, or KVM, may choose

VARIABLE from     \* {} before the step, then {the state that it began in}

stepVars == <<now, line, asked, seen, claim, from>>

Instants == 0 .. Modulus - 1
Wrong    == Modulus   \* no word
AtMostOneOf(values) == {{}} \cup {{x} : x \in values}

\* It begins in any state.
AnyInit ==
  /\ now \in Instants \cup {Wrong}
  /\ line \in AtMostOneOf(Lines) /\ asked \in AtMostOneOf(Lines) /\ seen \in AtMostOneOf(Instants)
  /\ claim \in BOOLEAN
  /\ from = {}

StepNext ==
  /\ from = {} /\ now # Wrong
  /\ from' = {<<now, line, asked, seen, claim>>}
  /\ now' \in Instants \cup {Wrong}
  /\ line' \in AtMostOneOf(Lines \cup {Wrong}) /\ asked' \in AtMostOneOf(Lines \cup {Wrong})
  /\ seen' \in AtMostOneOf(Instants)
  /\ claim' \in BOOLEAN
  /\ Next

StepSpec == AnyInit /\ [][StepNext]_stepVars

\* The guest is held at first, and nobody has asked for anything, read anything or claimed anything.
BeginsHeld == from = {} => (Init <=> now # Wrong /\ <<line, asked, seen, claim>> = <<{}, {}, {}, FALSE>>)

\* What a user and a guest may take from each step.  Time goes on.  The line of a guest that runs does
\* not change; it is the one that the user has asked for.  No read gives less than one before.  KVM
\* claims no stable clock of a guest that is held.
Promises ==
  \A began \in from :
    LET oldNow == began[1]  oldLine == began[2]  oldAsked == began[3]  oldSeen == began[4]
        runs   == oldLine # {} /\ line # {}
        starts == oldLine = {} /\ line # {}
    IN /\ now = oldNow \/ Before(oldNow, now)
       /\ runs => line = oldLine
       /\ oldLine # {} => asked = oldAsked
       /\ starts => line = asked /\ (oldAsked # {} => asked = oldAsked)
       /\ seen # oldSeen => seen = {} \/ \E given \in oldLine : seen = {Add(now, given)}
       /\ seen # oldSeen => \A earlier \in oldSeen, value \in seen : ~Before(value, earlier)
       /\ claim => line # {}
       /\ Wrong \notin {now} \cup line \cup asked \cup (seen \ oldSeen)
=============================================================================
