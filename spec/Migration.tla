------------------------------ MODULE Migration ------------------------------
(***************************************************************************)
(* A guest is saved and restored: a VMM executes a recipe.                 *)
(*                                                                         *)
(* The recipe is data: blocks of steps, each step an operation of KvmX86   *)
(* or KvmArm64 (or one of the VMM's own, below) with the saved values that *)
(* it uses.  The VMM runs a block for the VM; or for the vCPUs one after   *)
(* the other; or for all of them in parallel.  One step is "Blackout":     *)
(* before it the VM is on one host; after it, if the recipe moves the VM,  *)
(* on another, or in a new VM of the same host: nothing exists there yet.  *)
(*                                                                         *)
(* This module has what does not depend on the architecture: which vCPU    *)
(* may do its next step, what has been saved, how long things took.  A VM  *)
(* is on one host at a time, so there is one KVM; what a VMM prepares on   *)
(* the destination before the source has stopped counts as part of the     *)
(* blackout.                                                               *)
(*                                                                         *)
(* One run of TLC can judge many cases: a case is a recipe on a kernel in  *)
(* a world, and each is an initial state of its own.                       *)
(***************************************************************************)
EXTENDS Sequences, FiniteSets, TLC, Rates

CONSTANTS
  Cases,            \* what is judged: a sequence of
                    \*   recipe:     the blocks, [how |-> "once", "inTurn" or "inParallel",
                    \*               vcpus |-> whose steps they are, steps |-> <<step, ...>>]
                    \*   policy:     "advance": the guest's counters go on over the blackout;
                    \*               "freeze": they stand still
                    \*   moves:      does the VM move to another host, or into a new VM?
                    \*   wallClocks: does the recipe depend on the CLOCK_REALTIME of two hosts?
                    \*   from:       the block before which the VMM's steps first take time
                    \*   nrVcpus:    the vCPUs are 0 .. nrVcpus - 1
                    \*   world:      its name, see below
                    \*   kernel:     a record of switches
  GuestKhz,         \* the rate of the source's counter, and of the guest's
  MaxPreemptions    \* how often time may pass between two steps

VARIABLES
  case,        \* which of the cases this is; never changes
  now,         \* true time
  preemption,  \* how long what has passed between two steps was: "none", "steps", "short" or "long"
  preempted,   \* when time passed: a sequence of [ticks, at, done], the block and the vCPUs' steps
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

recipeVars == <<case, now, preemption, at, done, saved, skew, refused, blackout, stopped, resumed, again,
                seenCounter, seenClock>>
vmmVars    == <<recipeVars, preempted>>

Recipe     == Cases[case].recipe
Policy     == Cases[case].policy
Moves      == Cases[case].moves
World      == Cases[case].world
WallClocks == Cases[case].wallClocks
Vcpus      == 0 .. Cases[case].nrVcpus - 1

-----------------------------------------------------------------------------
(***************************************************************************)
(* The worlds: the circumstances in which a recipe is judged               *)
(*                                                                         *)
(* usual          Both hosts' counters have one rate; the guest has run    *)
(*                for long, and the blackout lasts for at least a window.  *)
(* near-rate      The destination's rate differs, but so little that KVM   *)
(*                does not scale.                                          *)
(* other-rate     It differs by more; the destination can scale.           *)
(* cannot-scale   It differs by more; the destination cannot scale.        *)
(* same-host      The new VM is on the source's host.                      *)
(* stepped-clock  CLOCK_REALTIME was stepped during the blackout, by more  *)
(*                than has passed since the VMM began to save.             *)
(* young-guest    The guest has run for no longer than a window.           *)
(* short          The blackout is shorter than a window.                   *)
(***************************************************************************)

\* The destination's rates, kHz.  With the tolerance of a model (MCTolerancePpm) 7/8 of the guest's
\* rate is at its edge, 9/8 within it; 3/4 and 5/4 are beyond.  Durations below are multiples of an
\* eighth of a window, so that each is a whole number of cycles of every host and of the guest.
DestinationKhzs ==
  LET eighth == GuestKhz \div 8
  IN CASE World = "near-rate"    -> {7 * eighth, 9 * eighth}
       [] World = "cannot-scale" -> {6 * eighth, 10 * eighth}
       [] World = "other-rate"   -> {4 * eighth, 16 * eighth}
       [] OTHER                  -> {GuestKhz}
MCTolerancePpm == 150000

\* How the destination scales (see Rates).  These two ratios are exact.
FracBits == IF World = "other-rate" THEN 4 ELSE 0

-----------------------------------------------------------------------------
(***************************************************************************)
(* The recipe                                                              *)
(***************************************************************************)

\* Of each case the blocks of the blackout and of the run after it, and which timers it restores.
Places ==
  LET Has(block, op) == \E i \in DOMAIN block.steps : block.steps[i].op = op
      FirstWith(recipe, op, from) ==
        CHOOSE i \in from .. Len(recipe) :
          Has(recipe[i], op) /\ \A j \in from .. i - 1 : ~Has(recipe[j], op)
  IN [c \in DOMAIN Cases |->
        LET recipe == Cases[c].recipe
            moved  == FirstWith(recipe, "Blackout", 1)
            Restores(op) == \E i \in moved .. Len(recipe) : Has(recipe[i], op)
        IN [deadline |-> Restores("WriteTscDeadline"),
            vtimer |-> Restores("SetVtimerCval"), ptimer |-> Restores("SetPtimerCval"),
            blackoutAt |-> moved, runAt |-> FirstWith(recipe, "EnterGuest", moved)]]

BlackoutAt == Places[case].blackoutAt
RunAt      == Places[case].runAt

Restored == at > BlackoutAt
Over     == at > Len(Recipe)

\* May the vCPU's next step of the block be done?
Ready(vcpu) ==
  /\ ~refused /\ ~Over
  /\ vcpu \in Recipe[at].vcpus
  /\ done[vcpu] < Len(Recipe[at].steps)
  /\ Recipe[at].how = "inTurn" =>
       \A v \in Recipe[at].vcpus : v < vcpu => done[v] = Len(Recipe[at].steps)

NextStep(vcpu) == Recipe[at].steps[done[vcpu] + 1]

\* That step is done.
Advance(vcpu) ==
  LET all == [done EXCEPT ![vcpu] = @ + 1]
      end == \A v \in Recipe[at].vcpus : all[v] = Len(Recipe[at].steps)
  IN /\ at' = IF end THEN at + 1 ELSE at
     /\ done' = IF end THEN [v \in Vcpus |-> 0] ELSE all

Stay == UNCHANGED <<at, done>>

\* The steps that always take time: the guest runs; the state travels; the VMM waits for something.
Lasting == {"Work", "Blackout", "Wait"}

\* The steps that are not KVM's.
Own == {"Compute", "ReadRealtime", "ReadHostCounter", "ReadInstant"} \cup Lasting

\* The arithmetic of a VMM on a host of khz.  An expression is a tuple: its kind, then its parts.
\*   cycles    ns as cycles at the guest's rate
\*   scaled    a value of this host's counter as the guest sees it before the offset
\*   atLeast0  0 if negative
\*   without   flags without one of their bits
RECURSIVE Eval(_, _, _)
Eval(e, vcpu, khz) ==
  CASE e[1] = "number"   -> FromNat(e[2])
    [] e[1] = "saved"    -> saved[e[2]][vcpu]
    [] e[1] = "savedOf"  -> saved[e[2]][e[3]]
    [] e[1] = "add"      -> Add(Eval(e[2], vcpu, khz), Eval(e[3], vcpu, khz))
    [] e[1] = "sub"      -> Sub(Eval(e[2], vcpu, khz), Eval(e[3], vcpu, khz))
    [] e[1] = "cycles"   -> NsToCycles(GuestKhz, Eval(e[2], vcpu, khz))
    [] e[1] = "scaled"   -> Scale(FracBits, Eval(e[2], vcpu, khz),
                                  IF FracBits = 0 THEN DefaultRatio(0) ELSE Ratio(FracBits, GuestKhz, khz))
    [] e[1] = "atLeast0" -> LET x == Eval(e[2], vcpu, khz) IN IF Before(x, Zero) THEN Zero ELSE x
    [] e[1] = "without"  -> LET x == Eval(e[2], vcpu, khz)
                            IN IF (x \div e[3]) % 2 = 1 THEN x - e[3] ELSE x

\* known, with x for the vCPU under a name, new or not.
Noting(known, name, vcpu, x) ==
  LET old == IF name \in DOMAIN known THEN known[name] ELSE << >>
      of  == [v \in DOMAIN old \cup {vcpu} |-> IF v = vcpu THEN x ELSE old[v]]
  IN [n \in DOMAIN known \cup {name} |-> IF n = name THEN of ELSE known[n]]

-----------------------------------------------------------------------------
(***************************************************************************)
(* Time                                                                    *)
(*                                                                         *)
(* It is counted in ticks.  A tick is a nanosecond of the model, on both   *)
(* hosts' clocks, and a cycle of the guest.                                *)
(*                                                                         *)
(* How long something lasts matters to KVM only where it compares: with    *)
(* the window within which it treats two writes of a TSC as one.  The      *)
(* window is computed from KVM's own comparison, and each duration is a    *)
(* part or a multiple of it: there are some below, at and above it.  On    *)
(* arm64 nothing is compared, and the window is only a unit.               *)
(*                                                                         *)
(* So an eighth of a window stands for a microsecond.  Below the window    *)
(* KVM does the same whatever the time is, all that the guest sees is      *)
(* linear in it, and such steps (all together an eighth) with any other    *)
(* durations that are below the window stay below it: what goes wrong by   *)
(* an eighth of a window goes wrong by a microsecond too, only by less.    *)
(***************************************************************************)

\* How far a counter of khz advances in some ticks.
Ticks(khz, ticks) == NsToCycles(khz, ticks)

\* How long the guest may have run before it is saved.
Uptimes(window) ==
  CASE World = "young-guest" -> {window \div 8, window}
    [] World = "short"       -> {window \div 8, 6 * window}
    [] OTHER                 -> {6 * window}

\* How long the blackout may be.  (A VM that moves begins anew: nothing compares its blackout.)
Blackouts(window) ==
  IF World = "short" THEN {2 * (window \div 8), 5 * (window \div 8)}
  ELSE {window + window \div 2} \cup (IF Moves THEN {} ELSE {window})

\* How long the VMM may wait for something: memory, or its user.
Waits(window) ==
  {2 * window} \cup (CASE World = "usual"                    -> {window \div 2}
                      [] World \in {"short", "young-guest"} -> {0}
                      [] OTHER                              -> {})

\* By how much the CLOCK_REALTIME of two hosts may differ for a recipe that depends on it: its
\* error is as large.  Most blackouts are longer, so that a clock that stood still is no such error.
\* (The shortest one is not: with it a young guest's counter may come out negative.)
WallClockError(window) == window \div 2
ClockError(window) == IF WallClocks THEN WallClockError(window) ELSE 0

\* By how much CLOCK_REALTIME may be ahead after the blackout.
Skews(window) ==
  CASE World = "stepped-clock" -> {6 * window, Sub(Zero, 6 * window)}
    [] WallClocks              -> {Zero, WallClockError(window), Sub(Zero, WallClockError(window))}
    [] OTHER                   -> {Zero}

\* What may pass between two steps of the VMM: the time that steps take; a preemption within the
\* window, and one that goes beyond.  If time passes several times, it is the same each time.
Preemptions(kind, window) ==
  CASE kind = "steps" -> {window \div (8 * MaxPreemptions)}
    [] kind = "short" -> {7 * (window \div 8)}
    [] kind = "long"  -> {window} \cup (IF World = "usual" THEN {window + window \div 2} ELSE {})
Kinds == IF preemption = "none" THEN {"steps", "short", "long"} ELSE {preemption}

MayBePreempted == Len(preempted) < MaxPreemptions /\ at >= Cases[case].from /\ ~refused

\* How long all that was.
RECURSIVE Lost(_)
Lost(preemptions) == IF preemptions = << >> THEN 0 ELSE Head(preemptions).ticks + Lost(Tail(preemptions))

\* The VMM may do the restore a second time, but no third time.
MayRestoreAgain == at = RunAt /\ again = {} /\ \A v \in Vcpus : done[v] = 0

\* ... and the second restore skips these.
OnlyOnce == {"CreateVcpu", "SetVmTscKhz", "Wait", "WriteSystemTime"}

\* The VMM also leaves out some steps where the host's rate is near enough.
Skipped(step, khz) ==
  \/ again # {} /\ at < RunAt /\ step.op \in OnlyOnce
  \/ step.unlessNear /\ NearEnough(GuestKhz, khz)

MigrationInit ==
  /\ now = Zero /\ skew = Zero
  /\ preemption = "none"
  /\ preempted = << >>
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
(* For the matrix: one run of TLC judges all properties of all cases.      *)
(*                                                                         *)
(* An invariant that is always TRUE prints for each property when it is    *)
(* first false: that is a shortest behaviour, because TLC searches breadth *)
(* first with one worker.  It does so separately for each length of what   *)
(* passes between the steps.                                               *)
(***************************************************************************)

\* Where time passed last: the block, and how many steps each vCPU had done.
LastPlace ==
  LET last == preempted[Len(preempted)]
  IN [i \in 1 .. Cardinality(Vcpus) + 1 |-> IF i = 1 THEN last.at ELSE last.done[i - 2]]

\* A property that holds, or what is printed: how it fails, and where it holds up to the time that
\* passed, each place where that was.
Say(how, property, place) ==
  LET key == <<how, property, preemption, place>>
  IN \/ key \in TLCGet(case)
     \/ /\ TLCSet(case, TLCGet(case) \cup {key})
        /\ PrintT(<<how, case, property, preemption, TLCGet("level"), place>>)

Judge(property, holds) == holds \/ Say("fails", property, << >>)

JudgeDistance(property, holds, upToSteps) ==
  holds \/ IF upToSteps THEN Say("upToSteps", property, LastPlace) ELSE Say("fails", property, << >>)

\* The step that was just done, and for which vCPU; or what else happened.  within: what KVM did if
\* it ended no step.
Did(within) ==
  CASE preempted' # preempted          ->
         [did |-> IF preemption' = "steps" THEN "steps take time" ELSE "the VMM is preempted", vcpu |-> 0, how |-> "once"]
    [] again' # again                  -> [did |-> "the VMM restores once more", vcpu |-> 0, how |-> "once"]
    [] <<at, done>>' # <<at, done>>    ->
         LET block == Recipe[at]
             v     == CHOOSE v \in block.vcpus :
                        done[v] < Len(block.steps) /\ (at' = at => done'[v] # done[v])
         IN [did |-> block.steps[done[v] + 1].op, vcpu |-> v, how |-> block.how]
    [] OTHER                           -> [did |-> within, vcpu |-> 0, how |-> "once"]

-----------------------------------------------------------------------------
(***************************************************************************)
(* How far a clock of the guest may have come                              *)
(***************************************************************************)

\* A clock showed before when the guest left, and now shows after: has it kept to the policy, up to
\* an error?  With "advance" it has gone on, with the error of the wall clocks besides.  With "freeze"
\* it has stood still over the blackout; the recipe may count any part of the time that saving and
\* restoring took.
KeepsPolicy(before, after, stop, error, window) ==
  LET moved   == Sub(after, before)
      elapsed == Sub(now, stop)
      ran     == IF resumed = {} THEN Zero ELSE Sub(now, CHOOSE t \in resumed : TRUE)
  IN IF Policy = "advance"
     THEN Near(moved, elapsed, ClockError(window) + error)
     ELSE /\ ~Before(Add(moved, error), ran)
          /\ ~Before(Add(Sub(elapsed, blackout), error), moved)
=============================================================================
