------------------------------ MODULE KvmLocks -------------------------------
(***************************************************************************)
(* Two faults in which only locks matter, and no clock.                    *)
(*                                                                         *)
(* "gtod": pvclock_gtod_sync_lock is also taken where interrupts are off,  *)
(* by an interrupt of the CPU that holds it.  Whoever holds it must have   *)
(* interrupts off.                                                         *)
(*                                                                         *)
(* "vcpu": arm64's KVM_SET_ONE_REG of a counter holds vcpu->mutex.  Where  *)
(* it then takes kvm->lock to give all vCPUs one offset, it meets an ioctl *)
(* of the VM that holds kvm->lock and takes each vcpu->mutex.              *)
(*                                                                         *)
(* KvmX86 and KvmArm64 take an ioctl's step as a whole; this module says   *)
(* whether it comes to its end.                                            *)
(***************************************************************************)
EXTENDS Naturals, Sequences

\* A configuration may override these.
Case  == "gtod"
Fixed == TRUE     \* TRUE: as the fix has it

Take(lock) == [op |-> "take", lock |-> lock]
Drop(lock) == [op |-> "drop", lock |-> lock]
IrqsOff    == [op |-> "off", lock |-> ""]
IrqsOn     == [op |-> "on", lock |-> ""]

\* What each thread does, again and again.
Programs ==
  IF Case = "gtod"
  THEN [task      |-> IF Fixed THEN <<IrqsOff, Take("gtod"), Drop("gtod"), IrqsOn>>
                      ELSE <<Take("gtod"), Drop("gtod")>>,
        interrupt |-> <<Take("gtod"), Drop("gtod")>>]
  ELSE [vm   |-> <<Take("kvm"), Take("vcpu"), Drop("vcpu"), Drop("kvm")>>,
        vcpu |-> IF Fixed THEN <<Take("vcpu"), Take("config"), Drop("config"), Drop("vcpu")>>
                 ELSE <<Take("vcpu"), Take("kvm"), Drop("kvm"), Drop("vcpu")>>]

Threads == DOMAIN Programs
Locks   == {"gtod", "kvm", "vcpu", "config"}

VARIABLES
  at,        \* for each thread: its next step
  holder,    \* for each lock: {} or {the thread that holds it}
  irqsOff    \* TRUE while the task has interrupts off

vars == <<at, holder, irqsOff>>

Init ==
  /\ at = [t \in Threads |-> 1]
  /\ holder = [l \in Locks |-> {}]
  /\ irqsOff = FALSE

\* An interrupt runs on the task's CPU: it begins where interrupts are on, and the task stands still
\* until it has ended.
MayRun(t) ==
  /\ t = "interrupt" => (at["interrupt"] > 1 \/ ~irqsOff)
  /\ t = "task" => at["interrupt"] = 1

\* A thread at its next step cannot go on: another holds the lock.
Waits(t) ==
  LET step == Programs[t][at[t]]
  IN step.op = "take" /\ holder[step.lock] # {}

Go(t) ==
  LET step == Programs[t][at[t]]
  IN /\ MayRun(t) /\ ~Waits(t)
     /\ at' = [at EXCEPT ![t] = IF @ = Len(Programs[t]) THEN 1 ELSE @ + 1]
     /\ holder' = IF step.op = "take" THEN [holder EXCEPT ![step.lock] = {t}]
                  ELSE IF step.op = "drop" THEN [holder EXCEPT ![step.lock] = {}]
                  ELSE holder
     /\ irqsOff' = IF step.op = "off" THEN TRUE ELSE IF step.op = "on" THEN FALSE ELSE irqsOff

\* The interrupt that begins and finds the lock taken spins; nothing else shows that it has begun.
Spins == Case = "gtod" /\ at["interrupt"] = 1 /\ ~irqsOff /\ holder["gtod"] = {"task"}

Next == \E t \in Threads : Go(t)

Spec == Init /\ [][Next]_vars

TypeOK ==
  /\ \A t \in Threads : at[t] \in 1 .. Len(Programs[t])
  /\ \A l \in Locks : holder[l] \in {{}} \cup {{t} : t \in Threads}
  /\ irqsOff \in BOOLEAN

\* Some thread can go on, and no interrupt spins on a lock that only the interrupted task can drop.
\* If it fails, the host's CPU, or the VMM, hangs.
NobodyHangs == (\E t \in Threads : ENABLED Go(t)) /\ ~Spins
=============================================================================
