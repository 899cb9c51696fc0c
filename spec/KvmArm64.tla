------------------------------ MODULE KvmArm64 ------------------------------
(***************************************************************************)
(* The guest's time under KVM on arm64.  A guest reads two counters, the   *)
(* virtual one (CNTVCT_EL0) and the physical one (CNTPCT_EL0).  Each is    *)
(* the host's counter minus an offset: the sign is the opposite of x86's.  *)
(* Kernels differ in who may set which offset, how a new one reaches all   *)
(* vCPUs (the broadcast), and when a loaded vCPU uses it.                  *)
(*                                                                         *)
(* The hardware subtracts the virtual offset (CNTVOFF_EL2).  It subtracts  *)
(* the physical one only with FEAT_ECV under VHE (CNTPOFF_EL2); otherwise  *)
(* KVM traps the reads of a guest with a physical offset (CNTHCTL_EL2) and *)
(* emulates them.  These registers belong to a physical CPU, which vCPUs   *)
(* of several VMs share.                                                   *)
(*                                                                         *)
(* Read with arch/arm64/kvm/arch_timer.c at hand: operators carry the      *)
(* names of the C functions and fields they mirror, in camel case.  Where  *)
(* kernels differ, a switch of the record kernel decides (module Kernels). *)
(*                                                                         *)
(* A vCPU is a pair <<vm, index>>.  This module is what KVM does for any   *)
(* VMM and any guest; bounds are in the MC modules.  It has no nested and  *)
(* no protected guest.                                                     *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets, Words, Kernels

VARIABLES
  \* The host.
  kernel,          \* record of switches; never changes
  vhe,             \* TRUE: the host runs at EL2 (VHE), FALSE: at EL1 (nVHE); never changes
  ecv,             \* TRUE: the hardware has CNTPOFF_EL2 (FEAT_ECV); never changes
  cntpct,          \* the host's counter

  \* Each physical CPU: a function over all of them.
  cnthctlEl2,      \* CNTHCTL_EL2, as a number: which reads of a guest are not trapped
  cntvoffEl2,      \* CNTVOFF_EL2: what the hardware subtracts for CNTVCT
  cntpoffEl2,      \* CNTPOFF_EL2: ... and for CNTPCT, where it can

  \* Each VM.  Since 6.3 (arch_timer_vm_data):
  voffset,         \* the virtual counter's offset
  poffset,         \* the physical counter's offset, 0 until 6.4
  vmCounterOffset, \* the VMs with KVM_ARCH_FLAG_VM_COUNTER_OFFSET: their offset is permanent
  \* ... and before, when an offset is copied to vCPU after vCPU under kvm->lock:
  broadcasts,      \* the loops in progress: a function over the VMs whose kvm->lock is held

  \* Each vCPU.
  creating,        \* the vCPUs whose creation has begun: a loop does not find them yet
  shadowCntvoff,   \* the virtual counter's offset, before 6.3: a function over both of them
  shadowCntpoff,   \* the physical counter's offset, in the series as posted
  inRun,           \* the vCPUs that are in KVM_RUN: they hold their vCPU mutex
  loadedOn,        \* a function from the loaded vCPUs to physical CPUs
  inGuest,         \* those of them that execute guest code
  loadedPoffset,   \* the physical offset for which KVM last prepared a loaded vCPU
  vtimer,          \* the virtual timer, as KVM keeps it in the guest's terms: its compare value
                   \* (CNTV_CVAL_EL0) and whether it is on (ENABLE of CNTV_CTL_EL0): [cval, on];
                   \* a function over the vCPUs created so far
  ptimer,          \* ... and the physical timer (CNTP_CVAL_EL0, CNTP_CTL_EL0)

  \* What can be seen from outside.  No action reads these; properties do.
  reply,           \* the last operation, with its arguments and what it returned
  virtualSeen,     \* for each VM: {} or {the greatest CNTVCT read since it was last set}
  physicalSeen,    \* ... and CNTPCT
  askedVirtual,    \* for each VM: {} or {the virtual offset that userspace has set}
  askedPhysical,   \* ... and the physical one
  got              \* for each VM: the last read of each counter, if none was set since: pairs of
                   \* the operation that puts it back, and the value

hostVars  == <<kernel, vhe, ecv, cntpct>>
pcpuVars  == <<cnthctlEl2, cntvoffEl2, cntpoffEl2>>
vmVars    == <<voffset, poffset, vmCounterOffset, broadcasts>>
lifeVars  == <<creating, shadowCntvoff, shadowCntpoff>>
runVars   == <<inRun, loadedOn, inGuest, loadedPoffset>>
seenVars  == <<virtualSeen, physicalSeen, askedVirtual, askedPhysical, got>>
timerVars == <<vtimer, ptimer>>
kvmVars   == <<pcpuVars, vmVars, lifeVars, runVars, timerVars>>
vars      == <<hostVars, kvmVars, reply, seenVars>>

\* All that ever changes.
changing  == <<cntpct, kvmVars, reply, seenVars>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* Derived                                                                 *)
(***************************************************************************)

vms == DOMAIN voffset
online == DOMAIN ptimer

VmOf(vcpu) == vcpu[1]
VcpusOf(vm) == {v \in online : VmOf(v) = vm}

\* f with x at key, whether key is new or not.
With(f, key, x) == [k \in DOMAIN f \cup {key} |-> IF k = key THEN x ELSE f[k]]
Without(f, key) == [k \in DOMAIN f \ {key} |-> f[k]]

\* timer_get_offset(): the offsets of a vCPU, loaded or not.
VirtualOffset(vcpu)  == IF kernel.offsetsOfVm THEN voffset[VmOf(vcpu)] ELSE shadowCntvoff[vcpu]
PhysicalOffset(vcpu) == IF kernel.offsetsOfVm THEN poffset[VmOf(vcpu)] ELSE shadowCntpoff[vcpu]

\* has_cntpoff(): does the hardware subtract the physical offset?
UsesCntpoff == kernel.usesCntpoff /\ vhe /\ ecv

\* CNTHCTL_EL2.  EL1PCTEN lets a guest read CNTPCT, EL1PCEN use the physical timer; a bit that is 0
\* traps.  In the host's own view under VHE (E2H) both are ten bits further left.  ECV makes
\* CNTPOFF_EL2 take effect: a kernel that does not use that register leaves it off.
EL1PCTEN == IF vhe THEN 10 ELSE 0
EL1PCEN  == EL1PCTEN + 1
ECV      == 12
Allowing(counter, timer) ==
  (IF counter THEN 2 ^ EL1PCTEN ELSE 0) + (IF timer THEN 2 ^ EL1PCEN ELSE 0)
  + (IF UsesCntpoff THEN 2 ^ ECV ELSE 0)
AllowsCounter(cnthctl) == (cnthctl \div 2 ^ EL1PCTEN) % 2 = 1

\* What a vCPU with this physical offset may access.  Without VHE KVM always emulates its timer.
ForGuest(offset) ==
  LET native == offset = Zero \/ UsesCntpoff IN Allowing(native, native /\ vhe)
ForHost == Allowing(TRUE, TRUE)

\* What a vCPU in the guest reads now.  KVM emulates a trapped read with the offset that the vCPU
\* has at that instant; otherwise the registers of the CPU decide.
Traps(vcpu)   == ~AllowsCounter(cnthctlEl2[loadedOn[vcpu]])
Cntvct(vcpu)  == Sub(cntpct, cntvoffEl2[loadedOn[vcpu]])
Cntpct(vcpu)  == Sub(cntpct, IF Traps(vcpu) THEN PhysicalOffset(vcpu) ELSE cntpoffEl2[loadedOn[vcpu]])

\* The timers as traces show them: those that are on.
On(timers) == {v \in online : timers[v].on}
vtimerCval == [v \in On(vtimer) |-> vtimer[v].cval]
ptimerCval == [v \in On(ptimer) |-> ptimer[v].cval]
TimerOff   == [cval |-> Zero, on |-> FALSE]

Host(switches, isVhe, hasEcv, pcpus, counter, existing) ==
  LET none == [vm \in existing |-> {}] IN
  /\ kernel = switches /\ vhe = isVhe /\ ecv = hasEcv /\ cntpct = counter
  /\ cnthctlEl2 = [p \in pcpus |-> ForHost]
  /\ cntvoffEl2 = [p \in pcpus |-> Zero] /\ cntpoffEl2 = [p \in pcpus |-> Zero]
  /\ voffset = [vm \in existing |-> Zero] /\ poffset = [vm \in existing |-> Zero]
  /\ vmCounterOffset = {} /\ broadcasts = << >>
  /\ creating = {} /\ shadowCntvoff = << >> /\ shadowCntpoff = << >>
  /\ inRun = {} /\ loadedOn = << >> /\ inGuest = {} /\ loadedPoffset = << >>
  /\ vtimer = << >> /\ ptimer = << >>
  /\ reply = [op |-> "None"]
  /\ virtualSeen = none /\ physicalSeen = none
  /\ askedVirtual = none /\ askedPhysical = none /\ got = none

-----------------------------------------------------------------------------
(***************************************************************************)
(* Setting an offset                                                       *)
(***************************************************************************)

\* An ioctl on a vCPU holds its mutex, also during a loop, and so does KVM_RUN.
InIoctl(vcpu) == \E vm \in DOMAIN broadcasts : broadcasts[vm].for.vcpu = vcpu
Free(vcpu) == vcpu \in online /\ vcpu \notin inRun /\ ~InIoctl(vcpu)
Unlocked(vm) == vm \notin DOMAIN broadcasts

\* Userspace has set a counter of the VM: earlier reads of it no longer count.
Asked(vm, timers, offset) ==
  LET virtual == "vtimer" \in timers  physical == "ptimer" \in timers IN
  /\ virtualSeen' = IF virtual THEN With(virtualSeen, vm, {}) ELSE virtualSeen
  /\ physicalSeen' = IF physical THEN With(physicalSeen, vm, {}) ELSE physicalSeen
  /\ askedVirtual' = IF virtual THEN With(askedVirtual, vm, {offset}) ELSE askedVirtual
  /\ askedPhysical' = IF physical THEN With(askedPhysical, vm, {offset}) ELSE askedPhysical
  /\ got' = With(got, vm, {})

\* update_timer_offset(), and update_vtimer_cntvoff() before it: under kvm->lock KVM gives each
\* vCPU of the VM the offset, one after the other, while guests run.  A vCPU in creation is not yet
\* among them, and comes last.
BeginBroadcast(vm, timer, offset, for) ==
  broadcasts' = With(broadcasts, vm,
                     [timer |-> timer, offset |-> offset, todo |-> VcpusOf(vm) \cup {for.vcpu}, for |-> for])

BroadcastTo(vcpu) ==
  LET vm   == VmOf(vcpu)
      loop == broadcasts[vm]
      rest == [loop EXCEPT !.todo = @ \ {vcpu}]
      done == rest.todo = {}
  IN /\ vm \in DOMAIN broadcasts
     /\ vcpu \in loop.todo
     /\ \A w \in loop.todo : w \in creating \/ (vcpu \notin creating /\ vcpu[2] <= w[2])
     /\ IF loop.timer = "vtimer"
        THEN shadowCntvoff' = With(shadowCntvoff, vcpu, loop.offset) /\ UNCHANGED shadowCntpoff
        ELSE shadowCntpoff' = With(shadowCntpoff, vcpu, loop.offset) /\ UNCHANGED shadowCntvoff
     /\ broadcasts' = IF done THEN Without(broadcasts, vm) ELSE With(broadcasts, vm, rest)
     /\ IF done /\ loop.for.op # "CreateVcpu" THEN Asked(vm, {loop.timer}, loop.offset) ELSE UNCHANGED seenVars
     /\ reply' = [op |-> "BroadcastTo", vcpu |-> vcpu, done |-> IF done THEN {loop.for} ELSE {}]
     /\ UNCHANGED <<hostVars, pcpuVars, voffset, poffset, vmCounterOffset, creating, runVars, timerVars>>

\* Does the operation put back what was read?  (For a property.)
PutsBack(vm, op, x) == <<op, x>> \in got[vm]

\* A write of the VM's offsets: since 6.3 they are two variables and need no loop.
SetOfVm(vm, timers, offset) ==
  /\ voffset' = IF "vtimer" \in timers THEN With(voffset, vm, offset) ELSE voffset
  /\ poffset' = IF "ptimer" \in timers THEN With(poffset, vm, offset) ELSE poffset
  /\ Asked(vm, timers, offset)
  /\ UNCHANGED broadcasts

\* Errors, by their numbers.
ENOENT == 2
EBUSY  == 16
EINVAL == 22

\* KVM_SET_ONE_REG of a counter: by value, at this instant.
SetCnt(vcpu, op, timer, value) ==
  LET vm      == VmOf(vcpu)
      offset  == Sub(cntpct, value)
      call    == [op |-> op, vcpu |-> vcpu, value |-> value, offset |-> offset, errno |-> 0, moves |-> TRUE,
                  puts |-> PutsBack(vm, op, value),
                  before |-> IF timer = "vtimer" THEN VirtualOffset(vcpu) ELSE PhysicalOffset(vcpu)]
      Refused(errno) == /\ reply' = [call EXCEPT !.errno = errno, !.moves = FALSE]
                        /\ UNCHANGED <<voffset, poffset, broadcasts, seenVars>>
  IN /\ Free(vcpu) /\ Unlocked(vm)
     /\ CASE timer = "ptimer" /\ ~kernel.ptimerCnt -> Refused(ENOENT)
          [] vm \in vmCounterOffset ->
               Refused(IF kernel.ignoredWriteFails THEN EBUSY ELSE 0)
          [] kernel.setNeedsAllVcpus /\ VcpusOf(vm) \cap inRun # {} -> Refused(EBUSY)
          [] OTHER ->
               /\ reply' = call
               /\ IF kernel.offsetsOfVm
                  THEN SetOfVm(vm, {timer}, offset)
                  ELSE BeginBroadcast(vm, timer, offset, call) /\ UNCHANGED <<voffset, poffset, seenVars>>
     /\ UNCHANGED <<hostVars, pcpuVars, vmCounterOffset, lifeVars, runVars, timerVars>>

SetTimerCnt(vcpu, value)  == SetCnt(vcpu, "SetTimerCnt", "vtimer", value)
SetPtimerCnt(vcpu, value) == SetCnt(vcpu, "SetPtimerCnt", "ptimer", value)

\* The series, v2: the attributes KVM_ARM_VCPU_TIMER_OFFSET_VTIMER and _PTIMER of a vCPU.
SetOffset(vcpu, op, timer, offset) ==
  LET vm   == VmOf(vcpu)
      call == [op |-> op, vcpu |-> vcpu, offset |-> offset, moves |-> TRUE, puts |-> PutsBack(vm, op, offset),
               before |-> IF timer = "vtimer" THEN VirtualOffset(vcpu) ELSE PhysicalOffset(vcpu)]
  IN /\ kernel.timerOffsetAttrs
     /\ IsWord(offset)
     /\ Free(vcpu) /\ Unlocked(vm)
     /\ BeginBroadcast(vm, timer, offset, call)
     /\ reply' = call
     /\ UNCHANGED <<hostVars, pcpuVars, voffset, poffset, vmCounterOffset, lifeVars, runVars, timerVars, seenVars>>

SetVtimerOffset(vcpu, offset) == SetOffset(vcpu, "SetVtimerOffset", "vtimer", offset)
SetPtimerOffset(vcpu, offset) == SetOffset(vcpu, "SetPtimerOffset", "ptimer", offset)

\* The series, v1: KVM_SET_SYSTEM_COUNTER_STATE on a vCPU, which runs on pcpu.  It sets that vCPU
\* only, and under VHE nothing else ever changes the traps.
PHYS_OFFSET == 1
SetSystemCounterState(vcpu, pcpu, flags, cntvoff, cntpoff) ==
  LET physical == flags = PHYS_OFFSET
      vm       == VmOf(vcpu)
  IN /\ kernel.systemCounterState
     /\ IsWord(cntvoff) /\ IsWord(cntpoff)
     /\ Free(vcpu)
     /\ pcpu \in DOMAIN cnthctlEl2 /\ \A v \in DOMAIN loadedOn : loadedOn[v] # pcpu
     /\ reply' = [op |-> "SetSystemCounterState", vcpu |-> vcpu,
                  errno |-> IF flags \in {0, PHYS_OFFSET} THEN 0 ELSE EINVAL]
     /\ IF flags \notin {0, PHYS_OFFSET}
        THEN UNCHANGED <<shadowCntvoff, shadowCntpoff, cnthctlEl2, seenVars>>
        ELSE /\ shadowCntvoff' = With(shadowCntvoff, vcpu, cntvoff)
             /\ shadowCntpoff' = IF physical THEN With(shadowCntpoff, vcpu, cntpoff) ELSE shadowCntpoff
             /\ cnthctlEl2' = IF vhe /\ physical /\ cntpoff # Zero
                              THEN With(cnthctlEl2, pcpu, ForGuest(cntpoff)) ELSE cnthctlEl2
             /\ virtualSeen' = With(virtualSeen, vm, {})
             /\ physicalSeen' = IF physical THEN With(physicalSeen, vm, {}) ELSE physicalSeen
             /\ askedVirtual' = With(askedVirtual, vm, {cntvoff})
             /\ askedPhysical' = IF physical THEN With(askedPhysical, vm, {cntpoff}) ELSE askedPhysical
             /\ got' = With(got, vm, {})
     /\ UNCHANGED <<hostVars, cntvoffEl2, cntpoffEl2, vmVars, creating, runVars, timerVars>>

\* KVM_ARM_SET_COUNTER_OFFSET on the VM, since 6.4: one offset for both counters of all vCPUs, also
\* of later ones.  It takes the mutex of every vCPU, or fails.
SetCounterOffset(vm, offset, reserved) ==
  LET errno == IF ~kernel.setCounterOffset \/ reserved # Zero THEN EINVAL
               ELSE IF VcpusOf(vm) \cap inRun # {} THEN EBUSY
               ELSE 0
  IN /\ vm \in vms
     /\ Unlocked(vm)
     /\ IsWord(offset)
     /\ reply' = [op |-> "SetCounterOffset", vm |-> vm, offset |-> offset, errno |-> errno]
     /\ IF errno # 0
        THEN UNCHANGED <<voffset, poffset, broadcasts, vmCounterOffset, seenVars>>
        ELSE SetOfVm(vm, {"vtimer", "ptimer"}, offset) /\ vmCounterOffset' = vmCounterOffset \cup {vm}
     /\ UNCHANGED <<hostVars, pcpuVars, lifeVars, runVars, timerVars>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* Reading an offset                                                       *)
(***************************************************************************)

OnlyReads == UNCHANGED <<hostVars, kvmVars, virtualSeen, physicalSeen, askedVirtual, askedPhysical>>

Got(vm, op, x) == got' = With(got, vm, {g \in got[vm] : g[1] # op} \cup {<<op, x>>})

\* KVM_GET_ONE_REG of a counter.
GetTimerCnt(vcpu) ==
  LET value == Sub(cntpct, VirtualOffset(vcpu)) IN
  /\ Free(vcpu)
  /\ reply' = [op |-> "GetTimerCnt", vcpu |-> vcpu, value |-> value]
  /\ Got(VmOf(vcpu), "SetTimerCnt", value)
  /\ OnlyReads

GetPtimerCnt(vcpu) ==
  LET value == Sub(cntpct, PhysicalOffset(vcpu)) IN
  /\ Free(vcpu)
  /\ reply' = [op |-> "GetPtimerCnt", vcpu |-> vcpu, value |-> IF kernel.ptimerCnt THEN value ELSE Zero,
               errno |-> IF kernel.ptimerCnt THEN 0 ELSE ENOENT]
  /\ IF kernel.ptimerCnt THEN Got(VmOf(vcpu), "SetPtimerCnt", value) ELSE UNCHANGED got
  /\ OnlyReads

\* The series, v2, whose first case falls through to the second.
GetVtimerOffset(vcpu) ==
  LET offset == IF kernel.getVtimerFallsThrough THEN PhysicalOffset(vcpu) ELSE VirtualOffset(vcpu) IN
  /\ kernel.timerOffsetAttrs
  /\ Free(vcpu)
  /\ reply' = [op |-> "GetVtimerOffset", vcpu |-> vcpu, offset |-> offset]
  /\ Got(VmOf(vcpu), "SetVtimerOffset", offset)
  /\ OnlyReads

GetPtimerOffset(vcpu) ==
  LET offset == PhysicalOffset(vcpu) IN
  /\ kernel.timerOffsetAttrs
  /\ Free(vcpu)
  /\ reply' = [op |-> "GetPtimerOffset", vcpu |-> vcpu, offset |-> offset]
  /\ Got(VmOf(vcpu), "SetPtimerOffset", offset)
  /\ OnlyReads

\* The series, v1.
GetSystemCounterState(vcpu) ==
  /\ kernel.systemCounterState
  /\ Free(vcpu)
  /\ reply' = [op |-> "GetSystemCounterState", vcpu |-> vcpu, flags |-> PHYS_OFFSET,
               cntvoff |-> VirtualOffset(vcpu), cntpoff |-> PhysicalOffset(vcpu)]
  /\ UNCHANGED got
  /\ OnlyReads

-----------------------------------------------------------------------------
(***************************************************************************)
(* Creation of VMs and vCPUs                                               *)
(***************************************************************************)

CreateVm(vm) ==
  /\ vm \notin vms
  /\ voffset' = With(voffset, vm, Zero) /\ poffset' = With(poffset, vm, Zero)
  /\ virtualSeen' = With(virtualSeen, vm, {}) /\ physicalSeen' = With(physicalSeen, vm, {})
  /\ askedVirtual' = With(askedVirtual, vm, {}) /\ askedPhysical' = With(askedPhysical, vm, {})
  /\ got' = With(got, vm, {})
  /\ reply' = [op |-> "CreateVm"]
  /\ UNCHANGED <<hostVars, pcpuVars, vmCounterOffset, broadcasts, lifeVars, runVars, timerVars>>

\* kvm_timer_vcpu_init(), before 6.3: the virtual counter of the whole VM starts again from 0.  The
\* vCPU's own physical offset is 0.
BeginCreateVcpu(vcpu) ==
  /\ ~kernel.offsetsOfVm
  /\ VmOf(vcpu) \in vms /\ vcpu \notin online \cup creating
  /\ Unlocked(VmOf(vcpu))
  /\ creating' = creating \cup {vcpu}
  /\ shadowCntvoff' = With(shadowCntvoff, vcpu, Zero)
  /\ shadowCntpoff' = With(shadowCntpoff, vcpu, Zero)
  /\ BeginBroadcast(VmOf(vcpu), "vtimer", cntpct, [op |-> "CreateVcpu", vcpu |-> vcpu])
  /\ got' = With(got, VmOf(vcpu), {})
  /\ reply' = [op |-> "BeginCreateVcpu", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, pcpuVars, voffset, poffset, vmCounterOffset, runVars, timerVars,
                 virtualSeen, physicalSeen, askedVirtual, askedPhysical>>

\* ... and since 6.3: the same for the VM's two offsets, unless they are permanent.
CreationResets(vm) ==
  /\ kernel.offsetsOfVm
  /\ vm \notin vmCounterOffset
  /\ kernel.creationKeepsLine => VcpusOf(vm) = {}

CreateVcpu(vcpu) ==
  LET vm == VmOf(vcpu) IN
  /\ vm \in vms /\ vcpu \notin online
  /\ Unlocked(vm)
  /\ kernel.offsetsOfVm \/ vcpu \in creating
  /\ creating' = creating \ {vcpu}
  /\ shadowCntvoff' = IF vcpu \in creating THEN shadowCntvoff ELSE With(shadowCntvoff, vcpu, Zero)
  /\ shadowCntpoff' = IF vcpu \in creating THEN shadowCntpoff ELSE With(shadowCntpoff, vcpu, Zero)
  /\ voffset' = IF CreationResets(vm) THEN With(voffset, vm, cntpct) ELSE voffset
  /\ poffset' = IF CreationResets(vm) THEN With(poffset, vm, Zero) ELSE poffset
  /\ vtimer' = With(vtimer, vcpu, TimerOff) /\ ptimer' = With(ptimer, vcpu, TimerOff)
  /\ got' = With(got, vm, {})
  /\ reply' = [op |-> "CreateVcpu", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, pcpuVars, vmCounterOffset, broadcasts, runVars,
                 virtualSeen, physicalSeen, askedVirtual, askedPhysical>>

\* KVM_ARM_VCPU_INIT, the first time or again: turns the timers off (kvm_timer_vcpu_reset()), keeps
\* their compare values, and leaves the counters alone.
InitVcpu(vcpu) ==
  /\ Free(vcpu)
  /\ vtimer' = [vtimer EXCEPT ![vcpu].on = FALSE] /\ ptimer' = [ptimer EXCEPT ![vcpu].on = FALSE]
  /\ reply' = [op |-> "InitVcpu", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, pcpuVars, vmVars, lifeVars, runVars, seenVars>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* A vCPU on a physical CPU                                                *)
(***************************************************************************)

\* kvm_timer_vcpu_load(): KVM_RUN begins, or continues after a preemption.
VcpuLoad(vcpu, pcpu) ==
  /\ vcpu \in online /\ vcpu \notin DOMAIN loadedOn /\ ~InIoctl(vcpu)
  /\ pcpu \in DOMAIN cnthctlEl2 /\ \A v \in DOMAIN loadedOn : loadedOn[v] # pcpu
  /\ inRun' = inRun \cup {vcpu}
  /\ loadedOn' = With(loadedOn, vcpu, pcpu)
  /\ loadedPoffset' = With(loadedPoffset, vcpu, PhysicalOffset(vcpu))
  /\ cntvoffEl2' = With(cntvoffEl2, pcpu, VirtualOffset(vcpu))
  /\ cntpoffEl2' = IF UsesCntpoff THEN With(cntpoffEl2, pcpu, PhysicalOffset(vcpu)) ELSE cntpoffEl2
  /\ cnthctlEl2' = IF vhe /\ kernel.trapsAtLoad
                   THEN With(cnthctlEl2, pcpu, ForGuest(PhysicalOffset(vcpu))) ELSE cnthctlEl2
  /\ reply' = [op |-> "VcpuLoad", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, vmVars, lifeVars, inGuest, timerVars, seenVars>>

\* kvm_timer_vcpu_put(): the vCPU is preempted, or KVM_RUN returns.
VcpuPut(vcpu, returns) ==
  /\ vcpu \in DOMAIN loadedOn /\ vcpu \notin inGuest
  /\ inRun' = IF returns THEN inRun \ {vcpu} ELSE inRun
  /\ loadedOn' = Without(loadedOn, vcpu)
  /\ loadedPoffset' = Without(loadedPoffset, vcpu)
  /\ cntvoffEl2' = With(cntvoffEl2, loadedOn[vcpu], Zero)
  /\ cntpoffEl2' = With(cntpoffEl2, loadedOn[vcpu], Zero)
  /\ reply' = [op |-> "VcpuPut", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, cnthctlEl2, vmVars, lifeVars, inGuest, timerVars, seenVars>>

\* __activate_traps(): without VHE KVM sets the traps up at each entry; with VHE too, in the
\* kernels that do not do it at load.
ConfiguresAtEntry == ~vhe \/ ~(kernel.trapsAtLoad \/ kernel.trapsInIoctl)

EnterGuest(vcpu) ==
  /\ vcpu \in DOMAIN loadedOn /\ vcpu \notin inGuest
  /\ inGuest' = inGuest \cup {vcpu}
  /\ cnthctlEl2' = IF ConfiguresAtEntry
                   THEN With(cnthctlEl2, loadedOn[vcpu], ForGuest(PhysicalOffset(vcpu))) ELSE cnthctlEl2
  /\ loadedPoffset' = IF ConfiguresAtEntry
                      THEN With(loadedPoffset, vcpu, PhysicalOffset(vcpu)) ELSE loadedPoffset
  /\ reply' = [op |-> "EnterGuest", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, cntvoffEl2, cntpoffEl2, vmVars, lifeVars, inRun, loadedOn, timerVars, seenVars>>

\* Without VHE the host needs its own counter and timer back at once.
ExitGuest(vcpu) ==
  /\ vcpu \in inGuest
  /\ inGuest' = inGuest \ {vcpu}
  /\ cnthctlEl2' = IF vhe THEN cnthctlEl2 ELSE With(cnthctlEl2, loadedOn[vcpu], ForHost)
  /\ reply' = [op |-> "ExitGuest", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, cntvoffEl2, cntpoffEl2, vmVars, lifeVars, inRun, loadedOn, loadedPoffset,
                 timerVars, seenVars>>

Greatest(seen, value) == IF \E s \in seen : Before(value, s) THEN seen ELSE {value}

\* The guest reads CNTVCT_EL0.
GuestReadCntvct(vcpu) ==
  LET vm == VmOf(vcpu) IN
  /\ vcpu \in inGuest
  /\ reply' = [op |-> "GuestReadCntvct", vcpu |-> vcpu, value |-> Cntvct(vcpu), before |-> virtualSeen[vm]]
  /\ virtualSeen' = With(virtualSeen, vm, Greatest(virtualSeen[vm], Cntvct(vcpu)))
  /\ UNCHANGED <<hostVars, kvmVars, physicalSeen, askedVirtual, askedPhysical, got>>

\* The guest reads CNTPCT_EL0: natively, or KVM traps and emulates the read.
GuestReadCntpct(vcpu) ==
  LET vm == VmOf(vcpu) IN
  /\ vcpu \in inGuest
  /\ reply' = [op |-> "GuestReadCntpct", vcpu |-> vcpu, value |-> Cntpct(vcpu), trapped |-> Traps(vcpu),
               before |-> physicalSeen[vm]]
  /\ physicalSeen' = With(physicalSeen, vm, Greatest(physicalSeen[vm], Cntpct(vcpu)))
  /\ UNCHANGED <<hostVars, kvmVars, virtualSeen, askedVirtual, askedPhysical, got>>

-----------------------------------------------------------------------------
(***************************************************************************)
(* The timers.  KVM keeps a compare value as the guest's number, and       *)
(* compares it with the guest's counter only when it loads the vCPU, or    *)
(* the vCPU blocks: a VMM may restore it before the counter or after it.   *)
(***************************************************************************)

\* KVM_SET_ONE_REG and KVM_GET_ONE_REG of KVM_REG_ARM_TIMER_CVAL and KVM_REG_ARM_TIMER_CTL, of which
\* only the enabling bit is modelled.  (The number of TIMER_CVAL is the one that the architecture
\* gives to the counter, and the other way round: an old mistake that has become the interface.)
SetVtimer(vcpu, op, cval, on) ==
  /\ Free(vcpu)
  /\ IsWord(cval)
  /\ vtimer' = With(vtimer, vcpu, [cval |-> cval, on |-> on])
  /\ reply' = [op |-> op, vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, pcpuVars, vmVars, lifeVars, runVars, ptimer, seenVars>>

SetVtimerCval(vcpu, cval) == SetVtimer(vcpu, "SetVtimerCval", cval, vtimer[vcpu].on)
SetVtimerCtl(vcpu, on)    == SetVtimer(vcpu, "SetVtimerCtl", vtimer[vcpu].cval, on)

GetVtimerCval(vcpu) ==
  /\ Free(vcpu)
  /\ reply' = [op |-> "GetVtimerCval", vcpu |-> vcpu, cval |-> vtimer[vcpu].cval]
  /\ UNCHANGED <<hostVars, kvmVars, seenVars>>

GetVtimerCtl(vcpu) ==
  /\ Free(vcpu)
  /\ reply' = [op |-> "GetVtimerCtl", vcpu |-> vcpu, on |-> vtimer[vcpu].on]
  /\ UNCHANGED <<hostVars, kvmVars, seenVars>>

\* The same of KVM_REG_ARM_PTIMER_CVAL and KVM_REG_ARM_PTIMER_CTL, which KVM has since it has
\* KVM_REG_ARM_PTIMER_CNT.
SetPtimer(vcpu, op, cval, on) ==
  /\ Free(vcpu)
  /\ IsWord(cval)
  /\ ptimer' = IF kernel.ptimerCnt THEN With(ptimer, vcpu, [cval |-> cval, on |-> on]) ELSE ptimer
  /\ reply' = [op |-> op, vcpu |-> vcpu, errno |-> IF kernel.ptimerCnt THEN 0 ELSE ENOENT]
  /\ UNCHANGED <<hostVars, pcpuVars, vmVars, lifeVars, runVars, vtimer, seenVars>>

SetPtimerCval(vcpu, cval) == SetPtimer(vcpu, "SetPtimerCval", cval, ptimer[vcpu].on)
SetPtimerCtl(vcpu, on)    == SetPtimer(vcpu, "SetPtimerCtl", ptimer[vcpu].cval, on)

GetPtimerCval(vcpu) ==
  /\ Free(vcpu)
  /\ reply' = [op |-> "GetPtimerCval", vcpu |-> vcpu,
               cval |-> IF kernel.ptimerCnt THEN ptimer[vcpu].cval ELSE Zero,
               errno |-> IF kernel.ptimerCnt THEN 0 ELSE ENOENT]
  /\ UNCHANGED <<hostVars, kvmVars, seenVars>>

GetPtimerCtl(vcpu) ==
  /\ Free(vcpu)
  /\ reply' = [op |-> "GetPtimerCtl", vcpu |-> vcpu, on |-> kernel.ptimerCnt /\ ptimer[vcpu].on,
               errno |-> IF kernel.ptimerCnt THEN 0 ELSE ENOENT]
  /\ UNCHANGED <<hostVars, kvmVars, seenVars>>

\* The guest sets CNTV_CVAL_EL0 and turns the virtual timer on.
GuestSetVtimer(vcpu, cval) ==
  /\ vcpu \in inGuest
  /\ IsWord(cval)
  /\ vtimer' = With(vtimer, vcpu, [cval |-> cval, on |-> TRUE])
  /\ reply' = [op |-> "GuestSetVtimer", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, pcpuVars, vmVars, lifeVars, runVars, ptimer, seenVars>>

\* The guest sets CNTP_CVAL_EL0 and turns the physical timer on.
GuestSetPtimer(vcpu, cval) ==
  /\ vcpu \in inGuest
  /\ IsWord(cval)
  /\ ptimer' = With(ptimer, vcpu, [cval |-> cval, on |-> TRUE])
  /\ reply' = [op |-> "GuestSetPtimer", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, pcpuVars, vmVars, lifeVars, runVars, vtimer, seenVars>>

\* Is the timer due by the guest's own counter, with the offset that the vCPU has?
VtimerDue(vcpu, cval) == ~Less(Sub(cntpct, VirtualOffset(vcpu)), cval)
PtimerDue(vcpu, cval) == ~Less(Sub(cntpct, PhysicalOffset(vcpu)), cval)

\* Is the virtual timer of a loaded vCPU due by the hardware?  The hardware subtracts CNTVOFF_EL2,
\* in the host as well.
VtimerFires(vcpu, cval) == ~Less(Sub(cntpct, cntvoffEl2[loadedOn[vcpu]]), cval)

\* Is the physical timer due by what the host has programmed into the hardware?  CNTPOFF_EL2 has an effect
\* only in the guest; there the hardware compares as the guest does.  Otherwise KVM adds the offset
\* to the compare value, for the host's counter.  The result is wrong where one of the two wraps
\* and the other does not; a kernel that knows this programs "now" or "never" instead.
Corrected(vcpu, cval) == Add(cval, PhysicalOffset(vcpu))
Wraps(vcpu, cval)     == Less(cntpct, PhysicalOffset(vcpu)) # Less(Corrected(vcpu, cval), cval)
PtimerFires(vcpu, cval) ==
  IF UsesCntpoff /\ vcpu \in inGuest THEN ~Less(Sub(cntpct, cntpoffEl2[loadedOn[vcpu]]), cval)
  ELSE IF UsesCntpoff /\ ~kernel.flipsCval THEN ~Less(cntpct, cval)
  ELSE IF kernel.cvalCannotWrap /\ Wraps(vcpu, cval) THEN PtimerDue(vcpu, cval)
  ELSE ~Less(cntpct, Corrected(vcpu, cval))

\* An observer checks whether a timer of a loaded vCPU has fired.
LookAtVtimer(vcpu) ==
  /\ vcpu \in On(vtimer) \cap DOMAIN loadedOn
  /\ LET cval == vtimer[vcpu].cval
     IN reply' = [op |-> "LookAtVtimer", vcpu |-> vcpu, due |-> VtimerFires(vcpu, cval),
                  wanted |-> VtimerDue(vcpu, cval)]
  /\ UNCHANGED <<hostVars, kvmVars, seenVars>>

LookAtPtimer(vcpu) ==
  /\ vcpu \in On(ptimer) \cap DOMAIN loadedOn
  /\ LET cval == ptimer[vcpu].cval
     IN reply' = [op |-> "LookAtPtimer", vcpu |-> vcpu, due |-> PtimerFires(vcpu, cval),
                  wanted |-> PtimerDue(vcpu, cval), wraps |-> Wraps(vcpu, cval)]
  /\ UNCHANGED <<hostVars, kvmVars, seenVars>>

-----------------------------------------------------------------------------
\* The host's counter reaches counter.
TimePasses(counter) ==
  /\ IsWord(counter)
  /\ ~Before(counter, cntpct)
  /\ cntpct' = counter
  /\ reply' = [op |-> "TimePasses"]
  /\ UNCHANGED <<kernel, vhe, ecv, kvmVars, seenVars>>

\* One step of KVM under any VMM and any guest, besides time.
Step(vm, vcpu, pcpu, value, offset, reserved, flags, returns, on) ==
  \/ CreateVm(vm)
  \/ BeginCreateVcpu(vcpu)
  \/ CreateVcpu(vcpu)
  \/ InitVcpu(vcpu)
  \/ BroadcastTo(vcpu)
  \/ SetTimerCnt(vcpu, value)
  \/ GetTimerCnt(vcpu)
  \/ SetPtimerCnt(vcpu, value)
  \/ GetPtimerCnt(vcpu)
  \/ SetVtimerOffset(vcpu, offset)
  \/ GetVtimerOffset(vcpu)
  \/ SetPtimerOffset(vcpu, offset)
  \/ GetPtimerOffset(vcpu)
  \/ SetSystemCounterState(vcpu, pcpu, flags, offset, offset)
  \/ GetSystemCounterState(vcpu)
  \/ SetCounterOffset(vm, offset, reserved)
  \/ VcpuLoad(vcpu, pcpu)
  \/ VcpuPut(vcpu, returns)
  \/ EnterGuest(vcpu)
  \/ ExitGuest(vcpu)
  \/ GuestReadCntvct(vcpu)
  \/ GuestReadCntpct(vcpu)
  \/ SetVtimerCval(vcpu, value)
  \/ GetVtimerCval(vcpu)
  \/ SetVtimerCtl(vcpu, on)
  \/ GetVtimerCtl(vcpu)
  \/ SetPtimerCval(vcpu, value)
  \/ GetPtimerCval(vcpu)
  \/ SetPtimerCtl(vcpu, on)
  \/ GetPtimerCtl(vcpu)
  \/ GuestSetVtimer(vcpu, value)
  \/ GuestSetPtimer(vcpu, value)
  \/ LookAtVtimer(vcpu)
  \/ LookAtPtimer(vcpu)

-----------------------------------------------------------------------------
(***************************************************************************)
(* What a guest and its user may count on                                  *)
(***************************************************************************)

\* No vCPU reads less of a counter than what any vCPU of its VM has read before.  If it fails, time
\* goes backwards between two threads of the guest, or for all of it.
Monotonic ==
  reply.op \in {"GuestReadCntvct", "GuestReadCntpct"} =>
    \A earlier \in reply.before : ~Before(reply.value, earlier)

\* Whenever vCPUs of a VM execute, they are on one line, by either counter.  If it fails, two
\* threads of the guest disagree about the time.
SameLine ==
  \A v, w \in inGuest :
    VmOf(v) = VmOf(w) => Cntvct(v) = Cntvct(w) /\ Cntpct(v) = Cntpct(w)

\* Once a set has returned, every vCPU has the offset, also one that is created later, and no vCPU
\* executes with the old one.  If it fails, part of the guest runs at another time.
BroadcastComplete ==
  \A vm \in vms : Unlocked(vm) =>
    /\ \A offset \in askedVirtual[vm] : \A v \in VcpusOf(vm) :
         /\ VirtualOffset(v) = offset
         /\ v \in inGuest => cntvoffEl2[loadedOn[v]] = offset
    /\ \A offset \in askedPhysical[vm] : \A v \in VcpusOf(vm) :
         /\ PhysicalOffset(v) = offset
         /\ v \in inGuest => loadedPoffset[v] = offset

\* A read of the physical counter honours the offset of its own VM, on any CPU, and traps for no
\* other's.  (A vCPU that was loaded when its offset was set may still have the old one.)  If it
\* fails, a guest reads the host's counter or pays for another guest's offset.
TrapIsolation ==
  reply.op = "GuestReadCntpct" =>
    LET own == {PhysicalOffset(reply.vcpu), loadedPoffset[reply.vcpu]}
    IN /\ \E offset \in own : reply.value = Sub(cntpct, offset)
       /\ reply.trapped => own # {Zero}

\* CNTVCT and CNTPCT agree once userspace has put both on one line.  If it fails, one of the
\* guest's two clocks jumps against the other.
ClocksAgree ==
  \A vm \in vms : (Unlocked(vm) /\ askedVirtual[vm] # {} /\ askedVirtual[vm] = askedPhysical[vm]) =>
    \A v \in VcpusOf(vm) : VirtualOffset(v) = PhysicalOffset(v)

\* Putting back what was read changes nothing.  If it fails, every save and restore on one host
\* moves the guest's time.
Idempotent ==
  (reply.op \in {"SetTimerCnt", "SetPtimerCnt", "SetVtimerOffset", "SetPtimerOffset"}
      /\ reply.puts /\ reply.moves) => reply.offset = reply.before

\* A set that returns success took effect.  If it fails, a restored guest runs at a time that no
\* one gave it.
WriteTakesEffect ==
  LET Done(call) ==
        /\ call.op = "SetTimerCnt" => VirtualOffset(call.vcpu) = call.offset
        /\ call.op = "SetPtimerCnt" => PhysicalOffset(call.vcpu) = call.offset
        /\ call.op = "SetVtimerOffset" => VirtualOffset(call.vcpu) = call.offset
        /\ call.op = "SetPtimerOffset" => PhysicalOffset(call.vcpu) = call.offset
  IN /\ reply.op = "BroadcastTo" => \A call \in reply.done : Done(call)
     /\ (reply.op \in {"SetTimerCnt", "SetPtimerCnt"} /\ reply.errno = 0 /\ Unlocked(VmOf(reply.vcpu)))
          => Done(reply)
     /\ (reply.op = "SetCounterOffset" /\ reply.errno = 0) =>
          \A v \in VcpusOf(reply.vm) : VirtualOffset(v) = reply.offset /\ PhysicalOffset(v) = reply.offset

\* An operation that reports an error has changed nothing.
ErrorChangesNothing ==
  [][(reply'.op \in {"SetTimerCnt", "SetPtimerCnt", "SetSystemCounterState", "SetCounterOffset",
                    "SetPtimerCval", "SetPtimerCtl"}
        /\ reply'.errno # 0) => UNCHANGED kvmVars]_vars

\* The guest's timers fire exactly when the guest's counter, with the offset that the vCPU has, has
\* reached the compare value.  If it fails, the guest's tasks wake too late, by how far the counter
\* was moved, or the host wakes the vCPU for nothing, again and again.
TimerOnTime ==
  /\ reply.op = "LookAtVtimer" => reply.due = reply.wanted
  /\ (reply.op = "LookAtPtimer" /\ ~reply.wraps) => reply.due = reply.wanted

\* ... also where compare value plus offset wraps.  If it fails, a timer never fires, or fires
\* without end.
NoUnderflow ==
  (reply.op = "LookAtPtimer" /\ reply.wraps) => reply.due = reply.wanted

-----------------------------------------------------------------------------
(***************************************************************************)
(* What the code relies on, for any VMM and any guest                      *)
(***************************************************************************)

TypeOK ==
  /\ kernel \in KernelType
  /\ vhe \in BOOLEAN /\ ecv \in BOOLEAN /\ IsWord(cntpct)
  /\ DOMAIN cntvoffEl2 = DOMAIN cnthctlEl2 /\ DOMAIN cntpoffEl2 = DOMAIN cnthctlEl2
  /\ \A p \in DOMAIN cnthctlEl2 :
       cnthctlEl2[p] \in 0 .. 2 ^ 13 - 1 /\ IsWord(cntvoffEl2[p]) /\ IsWord(cntpoffEl2[p])
  /\ \A vm \in vms : IsWord(voffset[vm]) /\ IsWord(poffset[vm])
  /\ vmCounterOffset \subseteq vms /\ DOMAIN broadcasts \subseteq vms
  /\ DOMAIN vtimer = online
  /\ \A v \in online : \A timer \in {vtimer[v], ptimer[v]} : IsWord(timer.cval) /\ timer.on \in BOOLEAN
  /\ online \cap creating = {}
  /\ DOMAIN shadowCntvoff = online \cup creating /\ DOMAIN shadowCntpoff = online \cup creating
  /\ inGuest \subseteq DOMAIN loadedOn /\ DOMAIN loadedOn \subseteq inRun /\ inRun \subseteq online
  /\ DOMAIN loadedPoffset = DOMAIN loadedOn

\* A physical CPU has at most one vCPU; without one its offsets are zero.
OneEach ==
  /\ \A v, w \in DOMAIN loadedOn : loadedOn[v] = loadedOn[w] => v = w
  /\ \A p \in DOMAIN cntvoffEl2 :
       (\A v \in DOMAIN loadedOn : loadedOn[v] # p) => cntvoffEl2[p] = Zero /\ cntpoffEl2[p] = Zero

\* All vCPUs of a VM have one virtual offset, at any time.  This holds since 6.3, where it is one
\* variable.  Before, a vCPU that is loaded while KVM copies an offset may have another one than
\* the vCPU beside it.
OneVirtualOffset ==
  \A v, w \in online : VmOf(v) = VmOf(w) => VirtualOffset(v) = VirtualOffset(w)

\* Without VHE the same bits apply to the host itself: they have the guest's value only while the
\* guest executes.
HostKeepsItsTimer ==
  ~vhe => \A p \in DOMAIN cnthctlEl2 :
            (\A v \in inGuest : loadedOn[v] # p) => cnthctlEl2[p] = ForHost
=============================================================================
