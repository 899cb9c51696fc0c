----------------------------- MODULE ReplayArm64 -----------------------------
(***************************************************************************)
(* Replays traces of arm64 in TLC itself.  See Replay.                     *)
(***************************************************************************)
EXTENDS TraceArm64, Replay

\* What an event may show of the state after it.
Shown ==
  [online |-> online,
   inGuest |-> inGuest,
   cnthctlEl2 |-> cnthctlEl2,
   cntvoffEl2 |-> cntvoffEl2,
   cntpoffEl2 |-> cntpoffEl2,
   voffset |-> voffset,
   poffset |-> poffset,
   vmCounterOffset |-> vmCounterOffset,
   creating |-> creating,
   shadowCntvoff |-> shadowCntvoff,
   shadowCntpoff |-> shadowCntpoff,
   inRun |-> inRun,
   loadedOn |-> loadedOn,
   ptimerCval |-> ptimerCval]

Taken(e) ==
  LET a == e.args
  IN   CASE e.op = "CreateVm" -> CreateVm(a.vm)
         [] e.op = "CreateVcpu" -> CreateVcpu(a.vcpu)
         [] e.op = "EnterGuest" -> EnterGuest(a.vcpu)
         [] e.op = "ExitGuest" -> ExitGuest(a.vcpu)
         [] e.op = "BeginCreateVcpu" -> BeginCreateVcpu(a.vcpu)
         [] e.op = "BroadcastTo" -> BroadcastTo(a.vcpu)
         [] e.op = "InitVcpu" -> InitVcpu(a.vcpu)
         [] e.op = "SetTimerCnt" -> SetTimerCnt(a.vcpu, a.value)
         [] e.op = "GetTimerCnt" -> GetTimerCnt(a.vcpu)
         [] e.op = "SetPtimerCnt" -> SetPtimerCnt(a.vcpu, a.value)
         [] e.op = "GetPtimerCnt" -> GetPtimerCnt(a.vcpu)
         [] e.op = "SetVtimerOffset" -> SetVtimerOffset(a.vcpu, a.offset)
         [] e.op = "GetVtimerOffset" -> GetVtimerOffset(a.vcpu)
         [] e.op = "SetPtimerOffset" -> SetPtimerOffset(a.vcpu, a.offset)
         [] e.op = "GetPtimerOffset" -> GetPtimerOffset(a.vcpu)
         [] e.op = "SetSystemCounterState" ->
              SetSystemCounterState(a.vcpu, a.pcpu, a.flags, a.cntvoff, a.cntpoff)
         [] e.op = "GetSystemCounterState" -> GetSystemCounterState(a.vcpu)
         [] e.op = "SetCounterOffset" -> SetCounterOffset(a.vm, a.offset, a.reserved)
         [] e.op = "VcpuLoad" -> VcpuLoad(a.vcpu, a.pcpu)
         [] e.op = "VcpuPut" -> VcpuPut(a.vcpu, a.returns)
         [] e.op = "GuestReadCntvct" -> GuestReadCntvct(a.vcpu)
         [] e.op = "GuestReadCntpct" -> GuestReadCntpct(a.vcpu)
         [] e.op = "SetVtimerCval" -> SetVtimerCval(a.vcpu, a.cval)
         [] e.op = "GetVtimerCval" -> GetVtimerCval(a.vcpu)
         [] e.op = "SetVtimerCtl" -> SetVtimerCtl(a.vcpu, a.on)
         [] e.op = "GetVtimerCtl" -> GetVtimerCtl(a.vcpu)
         [] e.op = "SetPtimerCval" -> SetPtimerCval(a.vcpu, a.cval)
         [] e.op = "GetPtimerCval" -> GetPtimerCval(a.vcpu)
         [] e.op = "SetPtimerCtl" -> SetPtimerCtl(a.vcpu, a.on)
         [] e.op = "GetPtimerCtl" -> GetPtimerCtl(a.vcpu)
         [] e.op = "GuestSetVtimer" -> GuestSetVtimer(a.vcpu, a.cval)
         [] e.op = "GuestSetPtimer" -> GuestSetPtimer(a.vcpu, a.cval)
         [] e.op = "LookAtVtimer" -> LookAtVtimer(a.vcpu)
         [] e.op = "LookAtPtimer" -> LookAtPtimer(a.vcpu)

\* The host exists before the first event.
Init ==
  \E s \in DOMAIN Subjects :
    LET host == Subjects[s].host
    IN /\ subject = s /\ event = 1 /\ timed = FALSE
       /\ NewHost(Switches(Subjects[s].kernel), host.vhe, host.ecv, host.pcpus,
                  Subjects[s].events[1].at[1])

Next ==
  /\ event <= Len(Events) /\ UNCHANGED subject
  /\ \/ ~timed /\ timed' = TRUE /\ UNCHANGED event /\ TimePasses(Event.at[1])
     \/ /\ timed /\ timed' = FALSE /\ event' = event + 1
        /\ Taken(Event) /\ Observed(Event, reply', Shown') /\ Took(subject, event)
=============================================================================
