------------------------------- MODULE Pvclock -------------------------------
(***************************************************************************)
(* How a guest reads a page that KVM is writing.  KvmX86 writes a page in  *)
(* one step and reads it in one step; this module shows that this is       *)
(* sound.                                                                  *)
(*                                                                         *)
(* The page's version is odd while the page is being written.  A reader    *)
(* reads the version, then the fields and its TSC one after another, then  *)
(* the version again.  If the version was odd or has changed, it starts    *)
(* again.  Memory is read and written in program order; the kernel and the *)
(* guest have barriers for that.                                           *)
(***************************************************************************)
EXTENDS Naturals

\* A configuration may override these.
Readers    == {0, 1}      \* vCPUs that read the page
MostWrites == 2           \* how often it is written
MakesOdd   == TRUE        \* TRUE: the writer makes the version odd before it writes
LooksAgain == TRUE        \* TRUE: a reader reads the version a second time

VARIABLES
  version,        \* of the page
  stamp, time,    \* the page's fields; the n-th write makes both n
  writing,        \* "no", "stamp" or "time": what the writer writes next
  reader          \* for each: [at, version, stamp, time]: how far it is, and what it has read

vars == <<version, stamp, time, writing, reader>>

Steps == {"version", "stamp", "time", "again", "done"}

Init ==
  /\ version = 0
  /\ stamp = 0 /\ time = 0
  /\ writing = "no"
  /\ reader = [r \in Readers |-> [at |-> "version", version |-> 0, stamp |-> 0, time |-> 0]]

\* KVM: version, body, version.
Begin ==
  /\ writing = "no"
  /\ stamp < MostWrites
  /\ writing' = "stamp"
  /\ version' = IF MakesOdd THEN version + 1 ELSE version
  /\ UNCHANGED <<stamp, time, reader>>

WriteStamp ==
  /\ writing = "stamp"
  /\ stamp' = stamp + 1
  /\ writing' = "time"
  /\ UNCHANGED <<version, time, reader>>

WriteTime ==
  /\ writing = "time"
  /\ time' = stamp
  /\ version' = IF MakesOdd THEN version + 1 ELSE version + 2
  /\ writing' = "no"
  /\ UNCHANGED <<stamp, reader>>

Goes(r, seen) ==
  /\ reader' = [reader EXCEPT ![r] = seen]
  /\ UNCHANGED <<version, stamp, time, writing>>

LookAtVersion(r) ==
  /\ reader[r].at \in {"version", "done"}
  /\ Goes(r, [reader[r] EXCEPT !.at = "stamp", !.version = version])

TakeStamp(r) ==
  /\ reader[r].at = "stamp"
  /\ Goes(r, [reader[r] EXCEPT !.at = "time", !.stamp = stamp])

TakeTime(r) ==
  /\ reader[r].at = "time"
  /\ Goes(r, [reader[r] EXCEPT !.at = IF LooksAgain THEN "again" ELSE "done", !.time = time])

LookAgain(r) ==
  /\ reader[r].at = "again"
  /\ LET good == reader[r].version = version /\ version % 2 = 0
     IN Goes(r, [reader[r] EXCEPT !.at = IF good THEN "done" ELSE "version"])

Next ==
  \/ Begin \/ WriteStamp \/ WriteTime
  \/ \E r \in Readers : LookAtVersion(r) \/ TakeStamp(r) \/ TakeTime(r) \/ LookAgain(r)

Spec == Init /\ [][Next]_vars

TypeOK ==
  /\ version \in Nat /\ stamp \in Nat /\ time \in Nat
  /\ writing \in {"no", "stamp", "time"}
  /\ \A r \in Readers : reader[r].at \in Steps

\* Both fields that a reader accepts are of one write.  If it fails, the guest adds the cycles
\* since one instant to the time of another.
OneWrite == \A r \in Readers : reader[r].at = "done" => reader[r].stamp = reader[r].time
=============================================================================
