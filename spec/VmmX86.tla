------------------------------- MODULE VmmX86 --------------------------------
(***************************************************************************)
(* KVM with a well-behaved VMM.  It creates all vCPUs.  To set the guest's *)
(* time it holds the guest, writes to each vCPU in turn, and lets the      *)
(* guest run only when all are written.  It can be preempted between any   *)
(* two steps.  The constants give how it writes and how long a preemption  *)
(* may be: only these decide whether its restore works.                    *)
(***************************************************************************)
EXTENDS KvmX86

CONSTANTS
  ByOffset,         \* TRUE: SetTscOffset, the same offset to each vCPU
                    \* FALSE: WriteTsc, the same value to each vCPU
  Targets,          \* the offsets or values that it restores
  MaxPreemption     \* the most cycles between two writes of one restore (see Preemption)

\* What most VMMs here do.  A configuration may override it.
NrVcpus          == 2      \* the vCPUs are 0 .. NrVcpus - 1
MaxRestores      == 1      \* the most restores
AsksWhileHeld    == FALSE  \* TRUE: it also calls GetClock while it holds the guest
WritesAtCreation == FALSE  \* TRUE: it restores each vCPU right after creating it, all to one target
Kvmclock         == FALSE  \* TRUE: it sets up kvmclock on every vCPU, and the guest reads it
Clocks           == {}     \* what it may set kvmclock to while it holds the guest
GuestWrites      == {}     \* the values that the guest writes to its own TSC

VARIABLES
  phase,            \* "creating", "held", "restoring" or "running"
  todo,             \* the vCPUs that the restore must still write
  target,           \* {} or {what the last restore writes}
  askedLine,        \* {} or {the line that the guest must be on}
  restores          \* restores begun

vmmVars == <<phase, todo, target, askedLine, restores>>
allVars == <<vars, vmmVars>>

Vcpus == 0 .. NrVcpus - 1

Write(vcpu, x) == IF ByOffset THEN SetTscOffset(vcpu, x) ELSE WriteTsc(vcpu, x)

Create ==
  /\ phase = "creating"
  /\ todo = {}
  /\ CreateVcpu(Cardinality(online))
  /\ todo' = IF WritesAtCreation THEN {Cardinality(online)} ELSE {}
  /\ phase' = IF Cardinality(online') = NrVcpus /\ ~WritesAtCreation THEN "held" ELSE "creating"
  /\ UNCHANGED <<target, askedLine, restores>>

\* Its value, or offset, is the same for every vCPU.
WriteAtCreation(vcpu, x) ==
  /\ phase = "creating"
  /\ vcpu \in todo
  /\ target \in {{}, {x}}
  /\ Write(vcpu, x)
  /\ target' = {x}
  /\ todo' = {}
  /\ askedLine' = IF askedLine = {} THEN {IF ByOffset THEN x ELSE Sub(x, hostTsc)} ELSE askedLine
  /\ restores' = MaxRestores
  /\ phase' = IF Cardinality(online) = NrVcpus THEN "held" ELSE "creating"

BeginRestore(vcpu, x) ==
  /\ phase = "held"
  /\ restores < MaxRestores
  /\ Write(vcpu, x)
  /\ target' = {x}
  /\ todo' = Vcpus \ {vcpu}
  /\ askedLine' = {IF ByOffset THEN x ELSE Sub(x, hostTsc)}
  /\ restores' = restores + 1
  /\ phase' = IF todo' = {} THEN "held" ELSE "restoring"

GoOnRestoring(vcpu) ==
  /\ phase = "restoring"
  /\ vcpu \in todo
  /\ \E x \in target : Write(vcpu, x)
  /\ todo' = todo \ {vcpu}
  /\ phase' = IF todo' = {} THEN "held" ELSE "restoring"
  /\ UNCHANGED <<target, askedLine, restores>>

LetRun ==
  /\ phase = "held"
  /\ ~setClockBegun
  /\ Kvmclock => pvclockActive = Vcpus
  /\ phase' = "running"
  /\ askedLine' = IF askedLine = {} THEN {tscOffset[0]} ELSE askedLine
  /\ reply' = [op |-> "LetRun"]
  /\ UNCHANGED <<hostVars, kvmVars, seenVars, todo, target, restores>>

Hold ==
  /\ phase = "running"
  /\ inGuest = {}
  /\ phase' = "held"
  /\ reply' = [op |-> "Hold"]
  /\ UNCHANGED <<hostVars, kvmVars, seenVars, todo, target, askedLine, restores>>

\* GetTscOffset and ReadTsc return tscOffset and GuestTsc; no property needs them here.
Guest(vcpu) ==
  /\ phase = "running"
  /\ \/ EnterGuest(vcpu)
     \/ Kvmclock /\ vcpu \in kicked /\ ReenterGuest(vcpu)
     \/ Kvmclock /\ GuestReadClock(vcpu, vcpu)
     \/ ExitGuest(vcpu)
     \/ GuestReadTsc(vcpu)
     \/ \E value \in GuestWrites : GuestWriteTsc(vcpu, value)
  /\ UNCHANGED vmmVars

\* The VMM sets up kvmclock's page once on each vCPU, and sets the clock only while it holds the
\* guest.
SetUpKvmclock(vcpu) ==
  /\ Kvmclock
  /\ phase = "held"
  /\ ~pvclock[vcpu].active
  /\ WriteSystemTime(vcpu, TRUE, FALSE)
  /\ UNCHANGED vmmVars

RestoreClock(clock) ==
  /\ phase = "held"
  /\ BeginSetClock \/ SetClock(clock, 0, Zero)
  /\ UNCHANGED vmmVars

AskClock ==
  /\ phase = "running" \/ (AsksWhileHeld /\ phase \in {"held", "restoring"})
  /\ GetClock
  /\ UNCHANGED vmmVars

\* One cycle is one nanosecond here.  The limit counts from the last write of a restore.  Where
\* vCPUs are created and written in turn, it counts from the very first write.
Preemption ==
  /\ phase = "restoring" => Sub(hostNs, lastTscNsec) < MaxPreemption
  /\ (phase = "creating" /\ target # {}) => Sub(hostNs, curTscNsec) < MaxPreemption
  /\ LET tsc == Add(hostTsc, 1)
         ns  == CyclesToNs(clocksourceKhz, Sub(tsc, paceTsc))
     IN TimePasses(tsc, ns, ns)
  /\ UNCHANGED vmmVars

VmmInit ==
  /\ phase = "creating"
  /\ todo = {} /\ target = {} /\ askedLine = {}
  /\ restores = 0

VmmNext ==
  \/ Create
  \/ \E vcpu \in Vcpus : \/ \E x \in Targets : BeginRestore(vcpu, x) \/ WriteAtCreation(vcpu, x)
                         \/ GoOnRestoring(vcpu)
                         \/ Guest(vcpu)
                         \/ SetUpKvmclock(vcpu)
  \/ \E clock \in Clocks : RestoreClock(clock)
  \/ LetRun
  \/ Hold
  \/ AskClock
  \/ Preemption

-----------------------------------------------------------------------------
(***************************************************************************)
(* KVM under this VMM keeps the contract                                   *)
(***************************************************************************)
Contract == INSTANCE GuestTime WITH
  now   <- hostTsc,
  line  <- IF phase = "running" THEN {tscOffset[0]} ELSE {},
  asked <- askedLine,
  seen  <- guestSeen,
  claim <- reply.op = "GetClock" /\ reply.flags # 0

KeepsContract == Contract!Spec
=============================================================================
