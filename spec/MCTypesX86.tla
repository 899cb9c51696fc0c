----------------------------- MODULE MCTypesX86 ------------------------------
(***************************************************************************)
(* What TypeOK of KvmX86 notices.  In the first state all has its type.    *)
(* In each other one, one thing has not, and reply names it.  No VMM gets  *)
(* there: a part of TypeOK that misses its state says nothing.             *)
(***************************************************************************)
EXTENDS KvmX86

CONSTANTS Kernel,     \* a kernel, by name
          Bad         \* a model value: it equals nothing else

WordVars ==
  {"hostTsc", "hostNs", "hostRealtime", "paceTsc", "paceNs", "lastTscNsec", "lastTscWrite", "lastTscOffset",
   "curTscNsec", "curTscWrite", "curTscOffset", "masterKernelNs", "masterCycleNow", "kvmclockOffset"}
NumberVars == {"lastTscKhz", "defaultTscKhz", "curTscGeneration", "nrVcpusMatched", "updatedGeneration"}
BooleanVars ==
  {"userSetTsc", "useMasterClock", "lossPending", "tscClocksource", "tscUnstable", "backwardsTscObserved",
   "bootVcpuRunsOldKvmclock", "setClockBegun"}
\* For each vCPU a word: one of them has none.
VcpuWords == {"tscOffset", "thisTscNsec", "thisTscWrite", "tscAdjust", "lastGuestTsc"}
\* Functions over the vCPUs: it lacks one.  (The vCPUs are those of tscOffset.)
Functions ==
  (VcpuWords \ {"tscOffset"})
    \cup {"thisTscGeneration", "virtualTscKhz", "tscScalingRatio", "tscDeadline", "pvclock"}
Deadlines == {"no word", "zero", "no offset", "two", "wrong mode"}
Pages     == {"tscTimestamp", "systemTime", "version"}
\* Sets of vCPUs: a member does not exist.
VcpuSets ==
  {"masterclockUpdate", "clockUpdate", "stoppedRequest", "inGuest", "tscCatchup", "tscAlwaysCatchup",
   "tscDeadlineMode", "userDeadline", "entering"}
\* Sets of at most one element: they have two.
AtMostOne == {"guestSeen", "clockSeen", "guestLastClock", "userOffset", "clockTaken"}
Others    == {"kicked", "entered", "offset", "ran", "tscTaken", "kernel"}

Wrong ==
  ({"word"} \X WordVars) \cup ({"number"} \X NumberVars) \cup ({"boolean"} \X BooleanVars)
    \cup ({"word of a vCPU"} \X VcpuWords) \cup ({"domain"} \X Functions) \cup ({"deadline"} \X Deadlines)
    \cup ({"page"} \X Pages) \cup ({"vCPUs"} \X VcpuSets) \cup ({"two"} \X AtMostOne) \cup ({"other"} \X Others)
Nothing == <<"none", "">>

Known == {0, 1}       \* the vCPUs

Init ==
  \E wrong \in Wrong \cup {Nothing} :
    LET Has(kind, name, bad, good)  == IF wrong = <<kind, name>> THEN bad ELSE good
        Word(name)       == Has("word", name, Modulus, Zero)
        Number(name)     == Has("number", name, Bad, 0)
        Boolean(name)    == Has("boolean", name, Bad, FALSE)
        Over(name, f)    == Has("domain", name, [v \in {0} |-> f[v]], f)
        Last(name)       == Has("word of a vCPU", name, Modulus, Zero)
        VcpuWord(name)   == Over(name, [v \in Known |-> IF v = 1 THEN Last(name) ELSE Zero])
        VcpuSet(name, s) == Has("vCPUs", name, s \cup {2}, s)
        One(name, x, y)  == Has("two", name, {x, y}, {x})
        \* vCPU 1 has a deadline armed.
        armed == [deadline |-> Has("deadline", "no word", Modulus, Has("deadline", "zero", Zero, 1)),
                  offset |-> Has("deadline", "no offset", Modulus, Zero), ratio |-> Zero]
        more  == Has("deadline", "two", {[armed EXCEPT !.deadline = 2]}, {})
        page  == [NoPage EXCEPT !.tscTimestamp = Has("page", "tscTimestamp", Modulus, Zero),
                                !.systemTime = Has("page", "systemTime", Modulus, Zero),
                                !.version = Has("page", "version", 3, 2)]
        user  == [offset |-> Has("other", "offset", Modulus, Zero), ran |-> {1} \cup Has("other", "ran", {2}, {})]
    IN /\ reply = [op |-> wrong]
       /\ kernel = [KernelNamed(Kernel) EXCEPT !.userSetTscGate = Has("other", "kernel", Bad, @)]
       /\ tscKhz = 1 /\ clocksourceKhz = 1 /\ tscFracBits = 0
       /\ hostTsc = Word("hostTsc") /\ hostNs = Word("hostNs") /\ hostRealtime = Word("hostRealtime")
       /\ paceTsc = Word("paceTsc") /\ paceNs = Word("paceNs")
       /\ lastTscNsec = Word("lastTscNsec") /\ lastTscWrite = Word("lastTscWrite")
       /\ lastTscOffset = Word("lastTscOffset")
       /\ curTscNsec = Word("curTscNsec") /\ curTscWrite = Word("curTscWrite")
       /\ curTscOffset = Word("curTscOffset")
       /\ masterKernelNs = Word("masterKernelNs") /\ masterCycleNow = Word("masterCycleNow")
       /\ kvmclockOffset = Word("kvmclockOffset")
       /\ lastTscKhz = Number("lastTscKhz") /\ defaultTscKhz = Number("defaultTscKhz")
       /\ curTscGeneration = Number("curTscGeneration") /\ nrVcpusMatched = Number("nrVcpusMatched")
       /\ updatedGeneration = Number("updatedGeneration")
       /\ userSetTsc = Boolean("userSetTsc") /\ useMasterClock = Boolean("useMasterClock")
       /\ lossPending = Boolean("lossPending") /\ tscClocksource = Boolean("tscClocksource")
       /\ tscUnstable = Boolean("tscUnstable") /\ backwardsTscObserved = Boolean("backwardsTscObserved")
       /\ bootVcpuRunsOldKvmclock = Boolean("bootVcpuRunsOldKvmclock")
       /\ setClockBegun = Boolean("setClockBegun")
       /\ tscOffset = VcpuWord("tscOffset") /\ thisTscNsec = VcpuWord("thisTscNsec")
       /\ thisTscWrite = VcpuWord("thisTscWrite") /\ tscAdjust = VcpuWord("tscAdjust")
       /\ lastGuestTsc = VcpuWord("lastGuestTsc")
       /\ thisTscGeneration = Over("thisTscGeneration", [v \in Known |-> 0])
       /\ virtualTscKhz = Over("virtualTscKhz", [v \in Known |-> 1])
       /\ tscScalingRatio = Over("tscScalingRatio", [v \in Known |-> Zero])
       /\ tscDeadline = Over("tscDeadline", [v \in Known |-> IF v = 1 THEN {armed} \cup more ELSE {}])
       /\ tscDeadlineMode = VcpuSet("tscDeadlineMode", Has("deadline", "wrong mode", {}, {1}))
       /\ pvclock = Over("pvclock", [v \in Known |-> IF v = 1 THEN page ELSE NoPage])
       \* vCPU 1 has been kicked out of the guest, performs an update, and is not back.
       /\ inGuest = VcpuSet("inGuest", Has("other", "kicked", {}, Has("other", "entered", Known, {1})))
       /\ kicked = {1}
       /\ entering = VcpuSet("entering", Has("other", "entered", Known, {1}))
       /\ tscCatchup = VcpuSet("tscCatchup", {}) /\ tscAlwaysCatchup = VcpuSet("tscAlwaysCatchup", {})
       /\ masterclockUpdate = VcpuSet("masterclockUpdate", {}) /\ clockUpdate = VcpuSet("clockUpdate", {})
       /\ stoppedRequest = VcpuSet("stoppedRequest", {}) /\ userDeadline = VcpuSet("userDeadline", {})
       /\ guestSeen = One("guestSeen", Zero, 1) /\ clockSeen = One("clockSeen", Zero, 1)
       /\ guestLastClock = One("guestLastClock", Zero, 1)
       /\ userOffset = One("userOffset", user, [user EXCEPT !.ran = {0}])
       /\ clockTaken = One("clockTaken", Zero, 1)
       /\ tscTaken = [v \in {Has("other", "tscTaken", 2, 1)} |-> Zero]

Spec == Init /\ [][FALSE]_vars

\* TypeOK is true of the first state, and of no other.
TypesAreNoticed == TypeOK <=> reply.op = Nothing
=============================================================================
