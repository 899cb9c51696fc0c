----------------------------- MODULE MCFaultyX86 -----------------------------
(***************************************************************************)
(* Faults that no known kernel has: wrong twins of operators of KvmX86.  A *)
(* configuration puts one in the operator's place, to show that a property *)
(* notices it.  Names say what is wrong.                                   *)
(***************************************************************************)
EXTENDS MCKvmX86

\* A page from which time runs backwards.
BackwardsPageReading(p, tsc) == Sub(p.systemTime, PvclockNs(p.mul, p.shift, Sub(tsc, p.tscTimestamp)))

\* KVM_GET_CLOCK is off by a constant.
OffKvmclockNs == Add(Add(hostNs, kvmclockOffset), FromNat(3))

\* A set of the offset that has no effect.
IgnoredSetTscOffset(vcpu, offset) ==
  /\ VcpuIdle(vcpu)
  /\ reply' = [op |-> "SetTscOffset", vcpu |-> vcpu, offset |-> offset]
  /\ UNCHANGED <<hostVars, kvmVars, seenVars>>

\* A write by value that has no effect, although KVM then takes its line for the one that userspace has
\* set.
IgnoredWriteTsc(vcpu, value) ==
  /\ VcpuIdle(vcpu)
  /\ userOffset' = {[offset |-> Sub(value, hostTsc), ran |-> {}]}
  /\ reply' = [op |-> "WriteTsc", vcpu |-> vcpu, value |-> value]
  /\ UNCHANGED <<hostVars, kvmVars, guestSeen, clockSeen, guestLastClock, userDeadline>>

\* A KVM_SET_CLOCK that has no effect.
IgnoredSetClock(clock, flags, realtime) ==
  /\ reply' = [op |-> "SetClock", clock |-> clock, flags |-> flags, realtime |-> realtime, errno |-> 0]
  /\ UNCHANGED <<hostVars, kvmVars, seenVars>>

\* A KVM_SET_CLOCK that sets the clock and reports an error.
FailingSetClock(clock, flags, realtime) ==
  /\ reply' = [op |-> "SetClock", clock |-> clock, flags |-> flags, realtime |-> realtime, errno |-> 22]
  /\ kvmclockOffset' = Sub(clock, hostNs)
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, oddVars, pvclock, requestVars,
                 callVars, inGuest, seenVars>>

\* The same of the VM's rate.
FailingSetVmTscKhz(khz) ==
  /\ defaultTscKhz' = khz
  /\ reply' = [op |-> "SetVmTscKhz", khz |-> khz, errno |-> 22]
  /\ UNCHANGED <<hostVars, syncVars, virtualTscKhz, tscScalingRatio, tscCatchup, tscAlwaysCatchup,
                 tscAdjust, timerVars, masterVars, kvmclockOffset, oddVars, pvclock, requestVars,
                 callVars, inGuest, seenVars>>

\* The same of KVM_KVMCLOCK_CTRL: it requests an update, although there is no page.
FailingKvmclockCtrl(vcpu) ==
  /\ VcpuIdle(vcpu) /\ ~pvclock[vcpu].active
  /\ stoppedRequest' = stoppedRequest \cup {vcpu}
  /\ reply' = [op |-> "KvmclockCtrl", vcpu |-> vcpu, errno |-> 22]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset,
                 oddVars, pvclock, masterclockUpdate, clockUpdate, kicked, callVars, inGuest, seenVars>>

\* No TSC write requests an update of the masterclock.
NeverTracks(newGeneration, nrMatched, offsets, ratios) == FALSE

\* A masterclock update that leaves the vCPUs in the guest.
NoKick(by) ==
  /\ useMasterClock' = MasterClock /\ lossPending' = FALSE
  /\ Snapshot
  /\ updatedGeneration' = curTscGeneration
  /\ kicked' = kicked \ by

\* An entry that performs the masterclock update and keeps the request.
LastingRequests(vcpu) ==
  LET updates == vcpu \in masterclockUpdate
  IN /\ masterclockUpdate' = masterclockUpdate
     /\ IF updates
        THEN /\ UpdateMasterClock({vcpu})
             /\ clockUpdate' = online \ {vcpu}
             /\ GuestTimeUpdate(vcpu, TRUE, MasterClock, masterKernelNs', masterCycleNow')
        ELSE /\ clockUpdate' = clockUpdate \ {vcpu}
             /\ kicked' = kicked \ {vcpu}
             /\ GuestTimeUpdate(vcpu, vcpu \in clockUpdate, useMasterClock, masterKernelNs, masterCycleNow)
             /\ UNCHANGED masterVars
     /\ UNCHANGED <<hostVars, lastVars, curVars, nrVcpusMatched, userSetTsc, thisVars, rateVars,
                    tscAdjust, timerVars, kvmclockOffset, oddVars, clockTaken, setClockBegun, entering,
                    guestSeen, clockSeen, guestLastClock, userDeadline>>

\* A masterclock update on the way into the guest, after which the vCPU keeps its old page.
UpdateWithoutPage(vcpu) ==
  /\ Updates(vcpu)
  /\ UpdateMasterClock({})
  /\ masterclockUpdate' = masterclockUpdate \ {vcpu}
  /\ clockUpdate' = online \ {vcpu}
  /\ entering' = entering \cup {vcpu}
  /\ reply' = [op |-> "PerformMasterclockUpdate", vcpu |-> vcpu, updated |-> TRUE, needed |-> TRUE]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, kvmclockOffset, oddVars, pvclock,
                 stoppedRequest, clockTaken, setClockBegun, tscTaken, inGuest, seenVars>>

\* A vCPU that leaves the guest and is still to be kicked out of it.
StillKickedExitGuest(vcpu) ==
  /\ vcpu \in inGuest
  /\ inGuest' = inGuest \ {vcpu}
  /\ reply' = [op |-> "ExitGuest", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset, oddVars,
                 pvclock, requestVars, callVars, seenVars>>
=============================================================================
