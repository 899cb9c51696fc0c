------------------------------- MODULE Replay -------------------------------
(***************************************************************************)
(* What ReplayX86 and ReplayArm64 share: traces that TLC itself replays.   *)
(* A trace is data, the value of Subjects; TLC gets it from Java           *)
(* (dev.longitude.data.TraceData), which reads the files that the system   *)
(* property longitude.traces names.  A subject is on x86 a VM of a trace,  *)
(* on arm64 its host:                                                      *)
(*                                                                         *)
(*   kernel |-> [release, posting, flipped]: the arguments of KernelOf,    *)
(*              and the names of the switches that are the other way       *)
(*   host   |-> what the trace's header says of the host                   *)
(*   events |-> a sequence of records                                      *)
(*     op      the name of the action                                      *)
(*     at      the host's clocks                                           *)
(*     args    the arguments, by the names of the formal parameters, and vm*)
(*     reply   what was observed: pairs of a field of reply and its value  *)
(*     whole   ... of the state after it: pairs of a variable and its value*)
(*     parts   ... triples of a variable, an index and the value there     *)
(*     ofVm    ... triples of a variable that is a set of vCPUs, a VM, and *)
(*             the vCPUs of that VM in the set                             *)
(*     members ... triples of a variable that is a set, an element, and    *)
(*             whether it is in the set                                    *)
(*                                                                         *)
(* A behaviour takes the events of one subject in order; each has a step   *)
(* for the time that passes before it.  TLC prints an event that it takes. *)
(* It refuses the first that it does not print.                            *)
(***************************************************************************)
EXTENDS Naturals, Sequences, TLC, Kernels

VARIABLES
  subject,   \* the number of the subject
  event,     \* the number of the next event
  timed      \* has the time passed to it?

\* (Never an empty sequence: a replay of nothing would look like one without a fault.)
Subjects ==
  Assert(FALSE, "There is no trace. TLC needs Longitude's jar before all others in its class path, and "
                  \o "-Dlongitude.traces=FILE.")

Events == Subjects[subject].events
Event == Events[event]

\* All events of a subject are taken when TLC says that this is violated.
NotAllTaken == event <= Len(Events)

RECURSIVE Flip(_, _)
Flip(switches, names) ==
  IF names = << >> THEN switches ELSE Flip([switches EXCEPT ![Head(names)] = ~@], Tail(names))
Switches(kernelOf) == Flip(KernelOf(kernelOf.release, kernelOf.posting), kernelOf.flipped)

\* answer and state after event e are as observed.  state has a field for each variable that an
\* event may show.
Observed(e, answer, state) ==
  /\ \A seen \in e.reply : seen[1] \in DOMAIN answer /\ answer[seen[1]] = seen[2]
  /\ \A seen \in e.whole : state[seen[1]] = seen[2]
  /\ \A seen \in e.parts : seen[2] \in DOMAIN state[seen[1]] /\ state[seen[1]][seen[2]] = seen[3]
  /\ \A seen \in e.ofVm : {vcpu \in state[seen[1]] : vcpu[1] = seen[2]} = seen[3]
  /\ \A seen \in e.members : (seen[2] \in state[seen[1]]) = seen[3]

Took(s, number) == PrintT(<<"took", s, number>>)
=============================================================================
