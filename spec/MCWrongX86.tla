----------------------------- MODULE MCWrongX86 ------------------------------
(***************************************************************************)
(* KvmX86 under any VMM that also asks for what must not be: with          *)
(* arguments that are no words, of a vCPU that is not there; and the       *)
(* host's clocks do not go back.  None of it happens: the states are those *)
(* of MCKvmX86.                                                            *)
(***************************************************************************)
EXTENDS MCKvmX86

NoWord == Modulus
NoVcpu == NrVcpus

\* The ioctls of a vCPU: KVM_RUN holds its mutex.
Ioctl(vcpu) ==
  \/ WriteTsc(vcpu, Zero) \/ ReadTsc(vcpu) \/ SetTscOffset(vcpu, Zero) \/ GetTscOffset(vcpu)
  \/ SetTscKhz(vcpu, Khz) \/ GetTscKhz(vcpu)
  \/ WriteTscAdjust(vcpu, Zero) \/ ReadTscAdjust(vcpu)
  \/ SetLapic(vcpu, TRUE) \/ WriteTscDeadline(vcpu, 1) \/ ReadTscDeadline(vcpu)
  \/ WriteSystemTime(vcpu, TRUE, FALSE) \/ KvmclockCtrl(vcpu)
  \/ VcpuLoad(vcpu) \/ EnterGuest(vcpu)

\* What a guest does while it executes.
OfGuest(vcpu) ==
  \/ GuestReadTsc(vcpu) \/ GuestReadClock(vcpu, 0) \/ GuestClearsStopped(vcpu)
  \/ GuestWriteSystemTime(vcpu, TRUE, FALSE, FALSE) \/ GuestWriteTsc(vcpu, Zero)
  \/ GuestWriteTscAdjust(vcpu, Zero) \/ GuestReadTscAdjust(vcpu)
  \/ ExitGuest(vcpu) \/ ReenterGuest(vcpu)

\* What else happens to a vCPU.
Other(vcpu) ==
  \/ ReadPvclockPage(vcpu) \/ WritePvclockPage(vcpu, 2, Zero, Zero, 1, 0, 0) \/ GuestReadClock(0, vcpu)
  \/ AskForClockUpdate(vcpu) \/ AskForMasterclockUpdate(vcpu) \/ TakeHostTsc(vcpu)
  \/ PerformMasterclockUpdate(vcpu) \/ CancelEntry(vcpu)
  \/ GuestSetsTimer(vcpu, TRUE, 1) \/ TimerFires(vcpu)

Wrong ==
  \/ Ioctl(NoVcpu) \/ OfGuest(NoVcpu) \/ Other(NoVcpu)
  \/ \E vcpu \in inGuest : Ioctl(vcpu)
  \/ \E vcpu \in online \ inGuest : OfGuest(vcpu)
  \/ \E vcpu \in online : \E wrong \in 1 .. 3 :
       WritePvclockPage(vcpu, 2, IF wrong = 1 THEN NoWord ELSE Zero, IF wrong = 2 THEN NoWord ELSE Zero,
                        IF wrong = 3 THEN NoWord ELSE 1, 0, 0)
  \/ TimePasses(NoWord, hostNs, hostRealtime) \/ TimePasses(hostTsc, NoWord, hostRealtime)
  \/ TimePasses(hostTsc, hostNs, NoWord)
  \/ TimePasses(Sub(hostTsc, 1), hostNs, hostRealtime) \/ TimePasses(hostTsc, Sub(hostNs, 1), hostRealtime)
  \/ HostResumes(NoWord, hostNs) \/ HostResumes(hostTsc, NoWord) \/ HostResumes(hostTsc, Sub(hostNs, 1))

WrongSpec == MCInit /\ [][MCNext \/ Wrong]_vars
=============================================================================
