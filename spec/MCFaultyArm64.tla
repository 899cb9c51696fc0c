---------------------------- MODULE MCFaultyArm64 ----------------------------
(***************************************************************************)
(* Faults that no known kernel has: wrong twins of operators of KvmArm64.  *)
(* A configuration puts one in the operator's place, to show that a        *)
(* property notices it.  Names say what is wrong.                          *)
(***************************************************************************)
EXTENDS MCKvmArm64

\* A set for both counters that leaves the physical one as it is.
VirtualOnly(vm, timers, offset) ==
  /\ voffset' = With(voffset, vm, offset)
  /\ poffset' = poffset
  /\ Asked(vm, timers, offset)
  /\ UNCHANGED broadcasts

\* ... and one that leaves the virtual one.
PhysicalOnly(vm, timers, offset) ==
  /\ voffset' = voffset
  /\ poffset' = With(poffset, vm, offset)
  /\ Asked(vm, timers, offset)
  /\ UNCHANGED broadcasts

\* Each read of the physical counter traps, whatever the offset.
AlwaysTraps(offset) == Allowing(FALSE, FALSE)

\* KVM_ARM_SET_COUNTER_OFFSET sets the offset and reports an error.
FailingSetCounterOffset(vm, offset, reserved) ==
  /\ vm \in vms /\ Unlocked(vm)
  /\ reply' = [op |-> "SetCounterOffset", vm |-> vm, offset |-> offset, errno |-> EBUSY]
  /\ SetOfVm(vm, {"vtimer", "ptimer"}, offset)
  /\ UNCHANGED <<vmCounterOffset, hostVars, pcpuVars, lifeVars, runVars, timerVars>>

\* The same of a counter by value.
FailingSetCnt(vcpu, op, timer, value) ==
  /\ Free(vcpu) /\ Unlocked(VmOf(vcpu))
  /\ reply' = [op |-> op, vcpu |-> vcpu, errno |-> EBUSY]
  /\ SetOfVm(VmOf(vcpu), {timer}, Sub(cntpct, value))
  /\ UNCHANGED <<hostVars, pcpuVars, vmCounterOffset, lifeVars, runVars, timerVars>>

\* ... and one that returns success and sets nothing.
IgnoredSetCnt(vcpu, op, timer, value) ==
  /\ Free(vcpu) /\ Unlocked(VmOf(vcpu))
  /\ reply' = [op |-> op, vcpu |-> vcpu, offset |-> Sub(cntpct, value), errno |-> 0]
  /\ UNCHANGED <<voffset, poffset, broadcasts, seenVars>>
  /\ UNCHANGED <<hostVars, pcpuVars, vmCounterOffset, lifeVars, runVars, timerVars>>

\* A set of the physical timer that reports an error.
FailingSetPtimer(vcpu, op, cval, on) ==
  /\ Free(vcpu)
  /\ ptimer' = With(ptimer, vcpu, [cval |-> cval, on |-> on])
  /\ reply' = [op |-> op, vcpu |-> vcpu, errno |-> ENOENT]
  /\ UNCHANGED <<hostVars, pcpuVars, vmVars, lifeVars, runVars, vtimer, seenVars>>

\* A vCPU goes to a CPU that has one.
CrowdedVcpuLoad(vcpu, pcpu) ==
  /\ vcpu \in online /\ vcpu \notin DOMAIN loadedOn
  /\ inRun' = inRun \cup {vcpu}
  /\ loadedOn' = With(loadedOn, vcpu, pcpu)
  /\ loadedPoffset' = With(loadedPoffset, vcpu, PhysicalOffset(vcpu))
  /\ reply' = [op |-> "VcpuLoad", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, cntvoffEl2, cntpoffEl2, cnthctlEl2, vmVars, lifeVars, inGuest, timerVars, seenVars>>

\* A vCPU that goes leaves its virtual offset in the CPU's register.
ForgetfulVcpuPut(vcpu, returns) ==
  /\ vcpu \in DOMAIN loadedOn /\ vcpu \notin inGuest
  /\ inRun' = inRun \ {vcpu}
  /\ loadedOn' = Without(loadedOn, vcpu)
  /\ loadedPoffset' = Without(loadedPoffset, vcpu)
  /\ cntpoffEl2' = With(cntpoffEl2, loadedOn[vcpu], Zero)
  /\ reply' = [op |-> "VcpuPut", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, cntvoffEl2, cnthctlEl2, vmVars, lifeVars, inGuest, timerVars, seenVars>>

\* The host keeps the guest's traps.
ForgetfulExitGuest(vcpu) ==
  /\ vcpu \in inGuest
  /\ inGuest' = inGuest \ {vcpu}
  /\ reply' = [op |-> "ExitGuest", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, cnthctlEl2, cntvoffEl2, cntpoffEl2, vmVars, lifeVars, inRun, loadedOn, loadedPoffset,
                 timerVars, seenVars>>

\* A vCPU that goes leaves its physical offset behind.
UnclearedVcpuPut(vcpu, returns) ==
  /\ vcpu \in DOMAIN loadedOn /\ vcpu \notin inGuest
  /\ inRun' = inRun \ {vcpu}
  /\ loadedOn' = Without(loadedOn, vcpu)
  /\ loadedPoffset' = loadedPoffset
  /\ cntvoffEl2' = With(cntvoffEl2, loadedOn[vcpu], Zero)
  /\ cntpoffEl2' = With(cntpoffEl2, loadedOn[vcpu], Zero)
  /\ reply' = [op |-> "VcpuPut", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, cnthctlEl2, vmVars, lifeVars, inGuest, timerVars, seenVars>>

\* A loop that gives the same vCPU its offset again and again.
EndlessBroadcastTo(vcpu) ==
  LET loop == broadcasts[VmOf(vcpu)] IN
  /\ VmOf(vcpu) \in DOMAIN broadcasts
  /\ vcpu \in loop.todo
  /\ shadowCntvoff' = With(shadowCntvoff, vcpu, loop.offset)
  /\ reply' = [op |-> "BroadcastTo", vcpu |-> vcpu, done |-> {}]
  /\ UNCHANGED <<hostVars, pcpuVars, vmVars, creating, shadowCntpoff, runVars, timerVars, seenVars>>
=============================================================================
