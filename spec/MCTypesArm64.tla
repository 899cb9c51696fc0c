---------------------------- MODULE MCTypesArm64 -----------------------------
(***************************************************************************)
(* What TypeOK of KvmArm64 notices.  In the first state all has its type.  *)
(* In each other one, one thing has not, and reply names it.  No VMM gets  *)
(* there: a part of TypeOK that misses its state says nothing.             *)
(***************************************************************************)
EXTENDS KvmArm64, Sequences

CONSTANTS Kernel,     \* a kernel, by name
          Bad         \* a model value: it equals nothing else

Booleans == {"kernel", "vhe", "ecv", "vtimer on", "ptimer on"}
Integers == {"cntpct", "cnthctlEl2", "cntvoffEl2", "cntpoffEl2", "voffset", "poffset", "vtimer cval", "ptimer cval"}
\* Functions: their domain is another one than it must be.
Functions ==
  {"cntvoffEl2", "cntpoffEl2", "broadcasts", "vtimer", "shadowCntvoff", "shadowCntpoff", "loadedPoffset"}
\* Sets that must lie in another one.
Sets == {"vmCounterOffset", "creating", "inGuest", "loaded", "inRun"}

Wrong == ({"type"} \X (Booleans \cup Integers)) \cup ({"domain"} \X Functions) \cup ({"set"} \X Sets)
Nothing == <<"none", "">>

\* vCPU 0 is loaded, vCPU 1 is not, 2 is in creation; there is no 3.
Vcpu(i) == <<"a", i>>

Init ==
  \E wrong \in Wrong \cup {Nothing} :
    LET Has(kind, name, bad, good) == IF wrong = <<kind, name>> THEN bad ELSE good
        Boolean(name, good) == Has("type", name, Bad, good)
        Word(name)          == Has("type", name, Modulus, Zero)
        Cpus(name)    == [p \in Has("domain", name, {0}, {0, 1}) |-> IF p = 1 THEN Word(name) ELSE Zero]
        Vm(name)      == [vm \in {"a", "b"} |-> IF vm = "b" THEN Word(name) ELSE Zero]
        Timer(name)   == [cval |-> Word(name \o " cval"), on |-> Boolean(name \o " on", FALSE)]
        Shadow(name)  == [i \in {Vcpu(j) : j \in 0 .. Has("domain", name, 1, 2)} |-> Zero]
        loaded        == {Vcpu(0)} \cup Has("set", "loaded", {Vcpu(1)}, {})
    IN /\ reply = [op |-> wrong]
       /\ kernel = [KernelNamed(Kernel) EXCEPT !.offsetsOfVm = Boolean("kernel", @)]
       /\ vhe = Boolean("vhe", TRUE) /\ ecv = Boolean("ecv", TRUE) /\ cntpct = Word("cntpct")
       /\ cnthctlEl2 = [p \in {0, 1} |-> IF p = 1 THEN Has("type", "cnthctlEl2", 2 ^ 13, 0) ELSE 0]
       /\ cntvoffEl2 = Cpus("cntvoffEl2") /\ cntpoffEl2 = Cpus("cntpoffEl2")
       /\ voffset = Vm("voffset") /\ poffset = Vm("poffset")
       /\ vmCounterOffset = {"a"} \cup Has("set", "vmCounterOffset", {"c"}, {})
       /\ broadcasts = [vm \in {"a"} \cup Has("domain", "broadcasts", {"c"}, {}) |-> Zero]
       /\ creating = {Vcpu(2)} \cup Has("set", "creating", {Vcpu(1)}, {})
       /\ shadowCntvoff = Shadow("shadowCntvoff") /\ shadowCntpoff = Shadow("shadowCntpoff")
       /\ ptimer = [i \in {Vcpu(0), Vcpu(1)} |-> IF i = Vcpu(1) THEN Timer("ptimer") ELSE TimerOff]
       /\ vtimer = [i \in Has("domain", "vtimer", {Vcpu(0)}, {Vcpu(0), Vcpu(1)}) |->
                      IF i = Vcpu(1) THEN Timer("vtimer") ELSE TimerOff]
       /\ inGuest = {Vcpu(0)} \cup Has("set", "inGuest", {Vcpu(1)}, {})
       /\ loadedOn = [i \in loaded |-> 0]
       /\ inRun = {Vcpu(0)} \cup Has("set", "inRun", {Vcpu(3)}, {})
       /\ loadedPoffset = [i \in loaded \cup Has("domain", "loadedPoffset", {Vcpu(1)}, {}) |-> Zero]
       /\ virtualSeen = << >> /\ physicalSeen = << >> /\ askedVirtual = << >> /\ askedPhysical = << >>
       /\ got = << >>

Spec == Init /\ [][FALSE]_vars

\* TypeOK is true of the first state, and of no other.
TypesAreNoticed == TypeOK <=> reply.op = Nothing
=============================================================================
