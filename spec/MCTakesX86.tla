----------------------------- MODULE MCTakesX86 ------------------------------
(* KvmX86 under any VMM, where time may pass within a clock update without  *)
(* the masterclock, between its read of the TSC and that of the base clock. *)
EXTENDS MCKvmX86

TakesNext == MCNext \/ \E vcpu \in 0 .. NrVcpus - 1 : TakeHostTsc(vcpu)
TakesSpec == MCInit /\ [][TakesNext]_vars

\* What the guest reads is then ahead of the base clock by the time that has passed, never behind.  If it
\* fails, a VMM that has just read KVM_GET_CLOCK finds the guest at an earlier time.
NotBehindBaseClock ==
  reply.op = "GuestReadClock" => ~Before(reply.clock, Add(hostNs, kvmclockOffset))

\* A fault that no known kernel has: the base clock is read first, and the TSC when time has passed.
LateTakeHostTsc(vcpu) ==
  /\ vcpu \in online /\ vcpu \notin inGuest \ kicked
  /\ vcpu \in clockUpdate \cup masterclockUpdate
  /\ tscTaken' = With(tscTaken, vcpu, Add(hostTsc, 1))
  /\ reply' = [op |-> "TakeHostTsc", vcpu |-> vcpu]
  /\ UNCHANGED <<hostVars, syncVars, rateVars, tscAdjust, timerVars, masterVars, kvmclockOffset,
                 oddVars, pvclock, requestVars, clockTaken, setClockBegun, entering, inGuest,
                 seenVars>>
=============================================================================
