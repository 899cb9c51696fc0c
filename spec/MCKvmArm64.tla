----------------------------- MODULE MCKvmArm64 -----------------------------
(* KvmArm64 under any VMM, with bounds.                                     *)
EXTENDS KvmArm64

CONSTANTS Kernel,       \* a kernel, by name
          Ops           \* the operations that VMM and guest may perform, by name

\* The bounds of most models.  A configuration may override them.
Vhe      == TRUE       \* the host's mode
Ecv      == FALSE      \* ... and hardware
Pcpus    == {0, 1}     \* its physical CPUs
Vms      == {"a"}      \* the VMs, each a name
Two      == {"a"}      \* those with a second vCPU
Late     == FALSE      \* TRUE: the second may be created after the first has run or was set
Left     == {}         \* the VMs whose counters are never set
Start    == 5          \* the host's counter at first
Duration == 1          \* the longest behaviour, ticks

\* What the VMM may write by value and as an offset; the compare values that a guest may set.
Values  == {}
Offsets == {}
Timers  == {}

MCInit == Host(KernelNamed(Kernel), Vhe, Ecv, Pcpus, Start, Vms)

Vcpus == (Vms \X {0}) \cup (Two \X {1})
Has(op) == op \in Ops

\* Unless vCPUs come late, all are created before anything else happens.
Ready == Late \/ online = Vcpus

\* The first vCPU of each VM is created before any second one, and the VMs in one fixed order.
Next(vcpu) ==
  /\ vcpu[2] = 1 => \A vm \in Vms : <<vm, 0>> \in online
  /\ vcpu[2] = 0 /\ vcpu \notin online => vcpu[1] = CHOOSE vm \in Vms : <<vm, 0>> \notin online

Set(vcpu) ==
  \/ \E value \in Values : \/ (Has("SetTimerCnt") /\ SetTimerCnt(vcpu, value))
                           \/ (Has("SetPtimerCnt") /\ SetPtimerCnt(vcpu, value))
  \/ \E offset \in Offsets :
       \/ (Has("SetVtimerOffset") /\ SetVtimerOffset(vcpu, offset))
       \/ (Has("SetPtimerOffset") /\ SetPtimerOffset(vcpu, offset))
       \/ (Has("SetSystemCounterState")
             /\ \E pcpu \in Pcpus : SetSystemCounterState(vcpu, pcpu, PHYS_OFFSET, offset, offset))

\* Compare values, and whether a timer is on.
SetTimer(vcpu) ==
  /\ Has("SetVtimerCval")
  /\ \/ \E cval \in Timers : SetVtimerCval(vcpu, cval) \/ SetPtimerCval(vcpu, cval)
     \/ \E on \in BOOLEAN : SetVtimerCtl(vcpu, on) \/ SetPtimerCtl(vcpu, on)

Get(vcpu) ==
  \/ (Has("GetTimerCnt") /\ GetTimerCnt(vcpu))
  \/ (Has("GetVtimerOffset") /\ (GetVtimerOffset(vcpu) \/ GetPtimerOffset(vcpu)))

Guest(vcpu) ==
  \/ (Has("GuestReadCntvct") /\ GuestReadCntvct(vcpu))
  \/ (Has("GuestReadCntpct") /\ GuestReadCntpct(vcpu))
  \/ \E cval \in Timers :
       \/ (vcpu \in inGuest /\ ~ptimer[vcpu].on /\ ~Has("GuestSetVtimer") /\ GuestSetPtimer(vcpu, cval))
       \/ (vcpu \in inGuest /\ ~vtimer[vcpu].on /\ Has("GuestSetVtimer") /\ GuestSetVtimer(vcpu, cval))

MCNext ==
  \/ (Sub(cntpct, Start) < Duration /\ TimePasses(Add(cntpct, 1)))
  \/ \E vcpu \in Vcpus :
       \/ (Next(vcpu) /\ (BeginCreateVcpu(vcpu) \/ CreateVcpu(vcpu)))
       \/ BroadcastTo(vcpu)
       \/ (Ready /\ VmOf(vcpu) \notin Left /\ (Set(vcpu) \/ SetTimer(vcpu) \/ Get(vcpu)))
       \/ \E pcpu \in Pcpus : (Ready /\ VcpuLoad(vcpu, pcpu))
       \/ VcpuPut(vcpu, TRUE)
       \/ (Has("Preempt") /\ VcpuPut(vcpu, FALSE))
       \/ EnterGuest(vcpu)
       \/ ExitGuest(vcpu)
       \/ Guest(vcpu)
       \/ (Timers # {} /\ (LookAtPtimer(vcpu) \/ LookAtVtimer(vcpu)))
  \/ \E vm \in Vms \ Left, offset \in Offsets, reserved \in {Zero, 1} :
       (Has("SetCounterOffset") /\ Ready /\ SetCounterOffset(vm, offset, reserved))

MCSpec == MCInit /\ [][MCNext]_vars
\* The view leaves out what never changes.
View == changing

MCFair == MCSpec /\ \A vcpu \in Vcpus : WF_vars(BroadcastTo(vcpu))

\* Every loop ends.
BroadcastEnds == \A vm \in Vms : (vm \in DOMAIN broadcasts) ~> (vm \notin DOMAIN broadcasts)
=============================================================================
