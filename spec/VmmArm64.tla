------------------------------ MODULE VmmArm64 ------------------------------
(***************************************************************************)
(* KVM on arm64 with a well-behaved VMM: it sets the counters of its one   *)
(* VM, "a", only while no vCPU is in KVM_RUN.  It can be preempted between *)
(* any two steps.  The constant Way gives how it sets them.                *)
(***************************************************************************)
EXTENDS KvmArm64

CONSTANT
  Way            \* "ioctl": SetCounterOffset; "attr": SetVtimerOffset, then SetPtimerOffset;
                 \* "value": SetTimerCnt on each vCPU in turn

\* What most VMMs here do.  A configuration may override it.
NrVcpus     == 2         \* the vCPUs are <<"a", 0>> .. <<"a", NrVcpus - 1>>
Targets     == {2, 13}   \* the offsets or values that it restores
MaxRestores == 1         \* the most restores
LastIsLate  == FALSE     \* TRUE: the last vCPU is created after the first restore

VARIABLES
  phase,         \* "creating", "held", "restoring" or "running"
  todo,          \* the number of writes that the restore must still do
  target,        \* {} or {what the last restore writes}
  virtualLine,   \* {} or {the line that the virtual counter must be on: counter minus host's}
  physicalLine,  \* ... and the physical one
  restores       \* restores begun

vmmVars == <<phase, todo, target, virtualLine, physicalLine, restores>>
allVars == <<vars, vmmVars>>

Vcpus == {"a"} \X (0 .. NrVcpus - 1)
First == <<"a", 0>>
Line(offset) == Sub(Zero, offset)

VmmInit ==
  /\ phase = "creating"
  /\ todo = 0 /\ target = {} /\ virtualLine = {} /\ physicalLine = {}
  /\ restores = 0

\* How many vCPUs there are before the first restore.
Early == IF LastIsLate THEN NrVcpus - 1 ELSE NrVcpus

Create ==
  LET vcpu == <<"a", Cardinality(online)>> IN
  /\ \/ phase = "creating"
     \/ phase = "held" /\ LastIsLate /\ restores > 0 /\ Cardinality(online) < NrVcpus
  /\ BeginCreateVcpu(vcpu) \/ CreateVcpu(vcpu)
  /\ phase' = IF Cardinality(online') >= Early THEN "held" ELSE "creating"
  /\ UNCHANGED <<todo, target, virtualLine, physicalLine, restores>>

\* One write of a restore; the restore's first one chooses the target.
Write(x) ==
  LET nr   == IF Way = "value" THEN Cardinality(online) ELSE IF Way = "attr" THEN 2 ELSE 1
      left == IF phase = "held" THEN nr ELSE todo
  IN /\ \/ phase = "held" /\ restores < MaxRestores
        \/ phase = "restoring" /\ target = {x} /\ todo > 0
     /\ creating = {} /\ Cardinality(online) >= Early
     /\ CASE Way = "ioctl" -> SetCounterOffset("a", x, Zero)
          [] Way = "attr"  -> IF left = 2 THEN SetVtimerOffset(First, x) ELSE SetPtimerOffset(First, x)
          [] Way = "value" -> SetTimerCnt(<<"a", nr - left>>, x)
     /\ target' = {x}
     /\ todo' = left - 1
     /\ phase' = IF left = 1 THEN "held" ELSE "restoring"
     /\ restores' = IF phase = "held" THEN restores + 1 ELSE restores
     \* (An offset that goes through a loop is set when the loop ends.)
     /\ virtualLine' = IF Unlocked("a")' THEN {Line(VirtualOffset(First))}' ELSE virtualLine
     /\ physicalLine' = IF Way = "ioctl" THEN {Line(x)} ELSE physicalLine

Loop(vcpu) ==
  /\ BroadcastTo(vcpu)
  /\ virtualLine' = IF \E call \in reply'.done : call.op \in {"SetTimerCnt", "SetVtimerOffset"}
                    THEN {Line(VirtualOffset(First))}' ELSE virtualLine
  /\ physicalLine' = IF \E call \in reply'.done : call.op = "SetPtimerOffset"
                     THEN {Line(PhysicalOffset(First))}' ELSE physicalLine
  /\ UNCHANGED <<phase, todo, target, restores>>

LetRun ==
  /\ phase = "held" /\ todo = 0 /\ online = Vcpus /\ Unlocked("a")
  /\ phase' = "running"
  /\ virtualLine' = IF virtualLine = {} THEN {Line(VirtualOffset(First))} ELSE virtualLine
  /\ physicalLine' = IF physicalLine = {} THEN {Line(PhysicalOffset(First))} ELSE physicalLine
  /\ UNCHANGED <<vars, todo, target, restores>>

Hold ==
  /\ phase = "running" /\ inRun = {}
  /\ phase' = "held"
  /\ UNCHANGED <<vars, todo, target, virtualLine, physicalLine, restores>>

Guest(vcpu, pcpu) ==
  /\ phase = "running"
  /\ \/ VcpuLoad(vcpu, pcpu) \/ EnterGuest(vcpu)
     \/ GuestReadCntvct(vcpu) \/ GuestReadCntpct(vcpu)
     \/ ExitGuest(vcpu) \/ VcpuPut(vcpu, TRUE)
  /\ UNCHANGED vmmVars

Preemption(counter) == TimePasses(counter) /\ UNCHANGED vmmVars

-----------------------------------------------------------------------------
(***************************************************************************)
(* Both counters keep the contract.  (On arm64 KVM reports no "stable".)   *)
(***************************************************************************)
Virtual == INSTANCE GuestTime WITH
  now   <- cntpct,
  line  <- IF phase = "running" THEN {Line(VirtualOffset(First))} ELSE {},
  asked <- virtualLine,
  seen  <- virtualSeen["a"],
  claim <- FALSE

Physical == INSTANCE GuestTime WITH
  now   <- cntpct,
  line  <- IF phase = "running" THEN {Line(PhysicalOffset(First))} ELSE {},
  asked <- physicalLine,
  seen  <- physicalSeen["a"],
  claim <- FALSE

KeepsContract == Virtual!Spec /\ Physical!Spec
=============================================================================
