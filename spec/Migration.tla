------------------------------ MODULE Migration ------------------------------
(***************************************************************************)
(* A guest is saved and restored: a VMM executes a recipe.                 *)
(*                                                                         *)
(* The recipe is data: blocks of steps, each step an operation of KvmX86   *)
(* or KvmArm64 (or one of the VMM's own, below) with the saved values that *)
(* it uses.  The VMM runs a block once, for the VM; or for the vCPUs one   *)
(* after the other; or for all of them in parallel.  One step is           *)
(* "Blackout": before it the VM is on one host; after it, if the recipe    *)
(* moves the VM, on another, where nothing exists yet.  The steps          *)
(* themselves take no time, but the VMM can be preempted between any two:  *)
(* briefly, or for more than the second within which KVM treats two writes *)
(* of a TSC as one.                                                        *)
(*                                                                         *)
(* This module has what does not depend on the architecture: which vCPU    *)
(* may do its next step, what has been saved, how long things took.  A VM  *)
(* is on one host at a time, so there is one KVM; what a VMM prepares on   *)
(* the destination before the source has stopped counts as part of the     *)
(* blackout.                                                               *)
(*                                                                         *)
(* Time is counted in ticks.  A tick is a nanosecond of the model, on both *)
(* hosts' clocks, and a cycle of the guest.                                *)
(***************************************************************************)
EXTENDS Sequences, FiniteSets, TLC, Rates

CONSTANTS
  Recipe,           \* the blocks: [how |-> "once", "inTurn" or "inParallel", steps |-> <<step, ...>>]
  Policy,           \* "advance": the guest's counters go on over the blackout; "freeze": they stand still
  NrVcpus,          \* the vCPUs are 0 .. NrVcpus - 1
  GuestKhz,         \* the rate of the source's counter, and of the guest's
  DestinationKhz,   \* the rate of the destination's
  FracBits,         \* how the hosts scale (see Rates); 0: not at all
  Uptimes,          \* how long the guest may have run before it is saved
  Blackouts,        \* how long the blackout may be
  Waits,            \* how long the VMM may wait for something: memory, or its user
  ShortPreemptions, \* how long a preemption of less than a second may be
  LongPreemptions,  \* ... and one of more than a second
  MaxPreemptions,   \* how many there may be
  Skews,            \* by how much CLOCK_REALTIME may be ahead after the blackout (modulo 2^WordBits)
  ClockError        \* the most error that a recipe which uses CLOCK_REALTIME may show

VARIABLES
  now,         \* true time
  preemption,  \* how long the VMM is preempted: "none", "short" or "long"
  preempted,   \* how often it has been
  at,          \* the block in progress
  done,        \* for each vCPU, how many of its steps are done
  saved,       \* what the VMM has saved, by name: for each vCPU, or for 0 if it is the VM's
  skew,        \* CLOCK_REALTIME minus now
  refused,     \* TRUE: the recipe cannot go on
  blackout,    \* how long the blackout and the waits have been
  stopped,     \* for each vCPU, time and clocks when it left the guest: [now, counter, clock]
  resumed,     \* {} or {when the guest ran again}
  again,       \* {} or {the result of the restore when the VMM began it again}
  seenCounter, \* the greatest value of each of the guest's clocks that a vCPU may have read
  seenClock

vmmVars == <<now, preemption, preempted, at, done, saved, skew, refused, blackout, stopped, resumed, again,
             seenCounter, seenClock>>

Vcpus == 0 .. NrVcpus - 1

-----------------------------------------------------------------------------
(***************************************************************************)
(* The recipe                                                              *)
(***************************************************************************)

Has(block, op) == \E i \in DOMAIN block.steps : block.steps[i].op = op

\* The first block, from a block on, that has the operation.
FirstWith(op, from) ==
  CHOOSE i \in from .. Len(Recipe) : Has(Recipe[i], op) /\ \A j \in from .. i - 1 : ~Has(Recipe[j], op)

WorkAt     == FirstWith("Work", 1)
BlackoutAt == FirstWith("Blackout", 1)
RunAt      == FirstWith("EnterGuest", BlackoutAt)

Restored == at > BlackoutAt
Over     == at > Len(Recipe)

\* Who takes part in a block.
Participants(block) == IF block.how = "once" THEN {0} ELSE Vcpus

\* May the vCPU's next step of the block be done?
Ready(vcpu) ==
  /\ ~refused /\ ~Over
  /\ vcpu \in Participants(Recipe[at])
  /\ done[vcpu] < Len(Recipe[at].steps)
  /\ Recipe[at].how = "inTurn" => \A v \in 0 .. vcpu - 1 : done[v] = Len(Recipe[at].steps)

NextStep(vcpu) == Recipe[at].steps[done[vcpu] + 1]

\* That step is done.
Advance(vcpu) ==
  LET all == [done EXCEPT ![vcpu] = @ + 1]
      end == \A v \in Participants(Recipe[at]) : all[v] = Len(Recipe[at].steps)
  IN /\ at' = IF end THEN at + 1 ELSE at
     /\ done' = IF end THEN [v \in Vcpus |-> 0] ELSE all

Stay == UNCHANGED <<at, done>>

\* The steps that always take time: the guest runs; the state travels; the VMM waits for something.
Lasting == {"Work", "Blackout", "Wait"}

\* The steps that are not KVM's.
Own == {"Compute", "ReadRealtime", "ReadHostCounter", "ReadInstant"} \cup Lasting

\* The arithmetic of a VMM.  An expression is a tuple: its kind, then its parts.
\*   cycles    ns as cycles at the guest's rate
\*   scaled    a value of this host's counter as the guest sees it before the offset
\*   atLeast0  0 if negative
\*   without   flags without one of their bits
RECURSIVE Eval(_, _)
Eval(e, vcpu) ==
  CASE e[1] = "number"   -> FromNat(e[2])
    [] e[1] = "saved"    -> saved[e[2]][vcpu]
    [] e[1] = "savedOf"  -> saved[e[2]][e[3]]
    [] e[1] = "add"      -> Add(Eval(e[2], vcpu), Eval(e[3], vcpu))
    [] e[1] = "sub"      -> Sub(Eval(e[2], vcpu), Eval(e[3], vcpu))
    [] e[1] = "cycles"   -> NsToCycles(GuestKhz, Eval(e[2], vcpu))
    [] e[1] = "scaled"   -> Scale(FracBits, Eval(e[2], vcpu),
                                  IF FracBits = 0 THEN DefaultRatio(0)
                                  ELSE Ratio(FracBits, GuestKhz, IF Restored THEN DestinationKhz ELSE GuestKhz))
    [] e[1] = "atLeast0" -> LET x == Eval(e[2], vcpu) IN IF Before(x, Zero) THEN Zero ELSE x
    [] e[1] = "without"  -> LET x == Eval(e[2], vcpu)
                            IN IF (x \div e[3]) % 2 = 1 THEN x - e[3] ELSE x

\* known, with x for the vCPU under a name, new or not.
Noting(known, name, vcpu, x) ==
  LET old == IF name \in DOMAIN known THEN known[name] ELSE << >>
      of  == [v \in DOMAIN old \cup {vcpu} |-> IF v = vcpu THEN x ELSE old[v]]
  IN [n \in DOMAIN known \cup {name} |-> IF n = name THEN of ELSE known[n]]

-----------------------------------------------------------------------------
(***************************************************************************)
(* Time                                                                    *)
(***************************************************************************)

\* How far a counter of khz advances in some ticks.
Ticks(khz, ticks) == NsToCycles(khz, ticks)

\* A preemption can come between any two steps of the VMM.
MayBePreempted == preempted < MaxPreemptions /\ at > WorkAt /\ ~refused

Preemptions ==
  CASE preemption = "none"  -> {}
    [] preemption = "short" -> ShortPreemptions
    [] preemption = "long"  -> LongPreemptions

\* The VMM may do the restore a second time, but no third time.
MayRestoreAgain == at = RunAt /\ again = {} /\ \A v \in Vcpus : done[v] = 0

\* ... and the second restore skips these.
OnlyOnce == {"CreateVcpu", "SetVmTscKhz", "Wait", "WriteSystemTime"}
Skipped(step) == again # {} /\ at < RunAt /\ step.op \in OnlyOnce

MigrationInit ==
  /\ now = Zero /\ skew = Zero
  /\ preemption \in {"none", "short", "long"}
  /\ preempted = 0
  /\ at = 1 /\ done = [v \in Vcpus |-> 0]
  /\ saved = << >>
  /\ refused = FALSE
  /\ blackout = Zero
  /\ stopped = << >> /\ resumed = {} /\ again = {}
  /\ seenCounter = Zero /\ seenClock = Zero

Later(a, b) == IF Before(a, b) THEN b ELSE a
Latest(times) == CHOOSE t \in times : \A u \in times : ~Before(t, u)

Errno(said) == IF "errno" \in DOMAIN said THEN said.errno ELSE 0

-----------------------------------------------------------------------------
(***************************************************************************)
(* For the matrix: one run of TLC judges all properties.                   *)
(*                                                                         *)
(* An invariant that is always TRUE prints for each property when it is    *)
(* first false: that is a shortest behaviour, because TLC searches breadth *)
(* first with one worker.  It does so separately for a VMM that is not     *)
(* preempted, that is for less than a second, and that is for longer.      *)
(***************************************************************************)

Judge(properties) ==
  \A i \in DOMAIN properties :
    LET place == i + Len(properties) * (CASE preemption = "none" -> 0 [] preemption = "short" -> 1 [] preemption = "long" -> 2)
    IN \/ properties[i][2]
       \/ TLCGet(place)
       \/ TLCSet(place, TRUE) /\ PrintT(<<"fails", properties[i][1], preemption, TLCGet("level")>>)

\* The step that was just done, and for which vCPU; or what else happened.  within: what KVM did if
\* it ended no step.
Did(within) ==
  CASE preempted' # preempted          -> [did |-> "the VMM is preempted", vcpu |-> 0, how |-> "once"]
    [] again' # again                  -> [did |-> "the VMM restores once more", vcpu |-> 0, how |-> "once"]
    [] <<at, done>>' # <<at, done>>    ->
         LET block == Recipe[at]
             v     == CHOOSE v \in Participants(block) :
                        done[v] < Len(block.steps) /\ (at' = at => done'[v] # done[v])
         IN [did |-> block.steps[done[v] + 1].op, vcpu |-> v, how |-> block.how]
    [] OTHER                           -> [did |-> within, vcpu |-> 0, how |-> "once"]

-----------------------------------------------------------------------------
(***************************************************************************)
(* How far a clock of the guest may have come                              *)
(***************************************************************************)

\* A clock showed before when the guest left, and now shows after: has it kept to the policy?  With
\* "advance" it has gone on, up to the error of the clock that the VMM uses.  With "freeze" it has
\* stood still over the blackout; the recipe may count any part of the time that saving and
\* restoring took.
KeepsPolicy(before, after, stop) ==
  LET moved   == Sub(after, before)
      elapsed == Sub(now, stop)
      ran     == IF resumed = {} THEN Zero ELSE Sub(now, CHOOSE t \in resumed : TRUE)
  IN IF Policy = "advance"
     THEN Near(moved, elapsed, ClockError)
     ELSE /\ ~Before(moved, ran)
          /\ ~Before(Sub(elapsed, blackout), moved)
=============================================================================
