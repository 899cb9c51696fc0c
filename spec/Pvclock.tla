------------------------------- MODULE Pvclock -------------------------------
(***************************************************************************)
(* How a guest reads a page that KVM is writing.  KvmX86 writes a page in  *)
(* one step and reads it in one; here is why that is sound.                *)
(*                                                                         *)
(* The page's version is odd while the page is being written.  A reader    *)
(* looks at the version, takes the fields and its TSC one after another,   *)
(* and looks again: if the version was odd or is another, it reads again.  *)
(* Memory is read and written in program order; the kernel and the guest   *)
(* have barriers for that.                                                 *)
(***************************************************************************)
EXTENDS Naturals

\* A configuration overrides these where it has them otherwise.
Readers    == {0, 1}      \* vCPUs that read the page
MostWrites == 2           \* how often it is written
MakesOdd   == TRUE        \* TRUE: the writer makes the version odd before it writes
LooksAgain == TRUE        \* TRUE: a reader looks at the version a second time

VARIABLES
  version,        \* of the page
  stamp, time,    \* the page's fields; the n-th write makes both n
  writing,        \* "no", "stamp" or "time": what the writer writes next
  reader          \* for each: [at, version, stamp, time]: how far it is, and what it has seen

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

\* What a reader takes for the page was the page: both fields are of one write.  If it fails, the
\* guest adds the cycles since one instant to the time of another.
OneWrite == \A r \in Readers : reader[r].at = "done" => reader[r].stamp = reader[r].time
=============================================================================
