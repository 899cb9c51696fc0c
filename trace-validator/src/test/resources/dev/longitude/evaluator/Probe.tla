------------------------------- MODULE Probe --------------------------------
(***************************************************************************)
(* What the evaluator has of TLA+ and the specification of a guest's time  *)
(* does not try hard: ways that overlap, loops with definitions in them,   *)
(* primes in arguments and under definitions.                              *)
(***************************************************************************)
EXTENDS Naturals, FiniteSets

VARIABLES n, f, s, r

all == <<n, f, s, r>>

Init == n = 0 /\ f = [k \in {1, 2, 4} |-> k] /\ s = {} /\ r = [op |-> "none", at |-> 0]

Twice(x) == x + x
Either(a, b) == IF a > 2 THEN b ELSE a
Apply(Op(_), x) == Op(x)
Next1 == n + 1
Range == {f[k] : k \in DOMAIN f}

Grew == n' > n
Marks(x, y) == r' = [op |-> "marks", at |-> x + y]

Ways ==
  /\ \/ UNCHANGED n /\ s' = s \cup {n}
     \/ n' = Next1 /\ s' = s \ {n}
     \/ n' = Next1 /\ s' = s
     \/ UNCHANGED <<n, s>>
  /\ UNCHANGED <<f, r>>

OneOfTwo ==
  LET low == n < 3
      up  == n' > n
  IN /\ \/ n' = n + 2
        \/ low /\ n' = n
     /\ s' = IF up THEN s \cup {n'} ELSE {}
     /\ UNCHANGED <<f, r>>

Loops ==
  \E k \in DOMAIN f, d \in {1, 2} :
    LET m == f[k] + d
        twice == Twice(m)
    IN /\ m > 2
       /\ n' = twice % 7
       /\ s' = {m, k}
       /\ UNCHANGED <<f, r>>

LoopsInside ==
  /\ n' = (n + 1) % 6
  /\ \E x \in s : Marks(x, Twice(x))
  /\ UNCHANGED <<f, s>>

Compares ==
  /\ \/ n' = (n + 1) % 3
     \/ n' = n
  /\ s' = IF Grew THEN {n} ELSE {}
  /\ UNCHANGED <<f, r>>

\* (No action: what becomes of the others?)
Forgets == n' = n + 1

Conflict == n' = n + 1 /\ UNCHANGED all
Agreement == n' = n /\ UNCHANGED all
Differing == n' = n + 1 /\ n' = n + 2 /\ UNCHANGED <<f, s, r>>
Double == n' = n + 1 /\ n' = 1 + n /\ UNCHANGED <<f, s, r>>

Excepts ==
  /\ f' = [f EXCEPT ![2] = @ + n, ![1] = (@ + 1) % 5, ![1] = @ * 2]
  /\ r' = [r EXCEPT !.op = "excepts", !.at = (@ + 1) % 3]
  /\ UNCHANGED <<n, s>>

Cases ==
  /\ n' = CASE n > 5 -> 0 [] n = 1 -> 5 [] OTHER -> n + 1
  /\ CASE n \in {0, 1} -> s' = {1} /\ UNCHANGED r
       [] n = 2 -> s' = {2} /\ r' = [op |-> "cases", at |-> n]
       [] OTHER -> UNCHANGED <<s, r>>
  /\ UNCHANGED f

Later ==
  LET before == n
      after  == n'
  IN /\ n' = (n + 1) % 4
     /\ f' = [k \in {1, 2, 4} |-> before + after + k]
     /\ UNCHANGED <<s, r>>

PrimeOfMore ==
  /\ n' = (n + 1) % 5
  /\ f' = [f EXCEPT ![4] = n]
  /\ s' = {x \in 0 .. 6 : (x < Next1 /\ x \notin Range)'}
  /\ r' = [op |-> "prime", at |-> Either(n', Twice(n))]

Sets ==
  /\ s' = ({Twice(x) % 5 : x \in s} \cup {x \in {3, 1, 2} : x # n}) \ (Range \cap {1, 2})
  /\ n' = CHOOSE x \in {5, 3, 4} : x > 3 /\ \A y \in {5, 3, 4} : y > 3 => x <= y
  /\ UNCHANGED <<f, r>>

Facts ==
  <<Apply(Twice, n), Cardinality(s), s \subseteq Range, \A x, y \in s : x <= y, \E x \in s : x \in DOMAIN f,
    n = 2 <=> s = {}, ~(r.op = "none"), r.op # "sets", << >> = f, [op |-> r.op], {{n}, s}, <<n, s>> = <<n, s>>,
    LET Add(x) == x + n IN Add(Add(1)), {x \in DOMAIN f : LET y == f[x] IN y > n},
    n \in Nat, TRUE \in BOOLEAN, n - n, n \div 2, n .. 2>>
Next ==
  \/ Ways \/ Compares \/ OneOfTwo \/ Loops \/ LoopsInside \/ Conflict \/ Agreement \/ Differing \/ Double \/ Excepts \/ Cases
  \/ Later \/ PrimeOfMore \/ Sets
=============================================================================
