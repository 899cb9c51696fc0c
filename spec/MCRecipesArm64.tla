---- MODULE MCRecipesArm64 ----
\* Some cases of the matrix, as `longitude matrix` gives them to TLC.  RecipeModelsTest
\* writes this module and its configurations; the recipes are in recipes/, `forgetful` is in the test.
EXTENDS MigrationArm64

Recipe1 == <<
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "GetTimerCnt", as |-> "virtual", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "SetTimerCnt", value |-> <<"saved", "virtual">>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe2 == <<
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "ReadHostCounter", as |-> "born", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "SetCounterOffset", offset |-> <<"savedOf", "born", 0>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "ReadInstant", as |-> "src", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "ReadInstant", as |-> "dst", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "SetCounterOffset", offset |-> <<"sub", <<"sub", <<"add", <<"savedOf", "born", 0>>, <<"savedOf", "dst.counter", 0>>>>, <<"savedOf", "src.counter", 0>>>>, <<"cycles", <<"sub", <<"savedOf", "dst.realtime", 0>>, <<"savedOf", "src.realtime", 0>>>>>>>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe3 == <<
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "ReadInstant", as |-> "src", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "GetSystemCounterState", as |-> "state", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "ReadInstant", as |-> "dst", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "SetSystemCounterState", cntvoff |-> <<"sub", <<"sub", <<"add", <<"savedOf", "state.cntvoff", 0>>, <<"savedOf", "dst.counter", 0>>>>, <<"savedOf", "src.counter", 0>>>>, <<"cycles", <<"sub", <<"savedOf", "dst.realtime", 0>>, <<"savedOf", "src.realtime", 0>>>>>>>>, cntpoff |-> <<"sub", <<"sub", <<"add", <<"savedOf", "state.cntpoff", 0>>, <<"savedOf", "dst.counter", 0>>>>, <<"savedOf", "src.counter", 0>>>>, <<"cycles", <<"sub", <<"savedOf", "dst.realtime", 0>>, <<"savedOf", "src.realtime", 0>>>>>>>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe4 == <<
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "ReadRealtime", as |-> "saved", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "GetTimerCnt", as |-> "virtual", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "GetPtimerCnt", as |-> "physical", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "ReadRealtime", as |-> "restored", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "SetTimerCnt", value |-> <<"add", <<"saved", "virtual">>, <<"cycles", <<"sub", <<"savedOf", "restored", 0>>, <<"savedOf", "saved", 0>>>>>>>>, mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetPtimerCnt", value |-> <<"add", <<"saved", "physical">>, <<"cycles", <<"sub", <<"savedOf", "restored", 0>>, <<"savedOf", "saved", 0>>>>>>>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe5 == <<
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "GetTimerCnt", as |-> "counter", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "ReadRealtime", as |-> "paused", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Wait", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "GetTimerCnt", as |-> "virtual", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "GetPtimerCnt", as |-> "physical", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetTimerCnt", value |-> <<"saved", "virtual">>, mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetPtimerCnt", value |-> <<"saved", "physical">>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "ReadRealtime", as |-> "resumed", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "SetTimerCnt", value |-> <<"add", <<"savedOf", "counter", 0>>, <<"cycles", <<"atLeast0", <<"sub", <<"savedOf", "resumed", 0>>, <<"savedOf", "paused", 0>>>>>>>>>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe6 == <<
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "GetTimerCnt", as |-> "virtual", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Wait", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "GetPtimerCnt", as |-> "physical", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "SetPtimerCnt", value |-> <<"saved", "physical">>, mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetVtimerCval", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetPtimerCtl", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetPtimerCval", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetVtimerCtl", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetTimerCnt", value |-> <<"saved", "virtual">>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "SetPtimerCnt", value |-> <<"saved", "physical">>, mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetVtimerCval", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetPtimerCtl", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetPtimerCval", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetVtimerCtl", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetTimerCnt", value |-> <<"saved", "virtual">>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Wait", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "SetTimerCnt", value |-> <<"saved", "virtual">>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe7 == <<
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "SetCounterOffset", offset |-> <<"number", 3>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "SetVtimerCval", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetPtimerCval", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "GetTimerCnt", as |-> "virtual", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "InitVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Kernel1 == KernelNamed("v6.12")

Kernel2 == KernelNamed("series-v1")

TheCases == <<
  \* qemu-arm64-stop-cont v6.12
  [recipe |-> Recipe1, policy |-> "freeze", moves |-> FALSE, wallClocks |-> FALSE, from |-> 4, nrVcpus |-> 2, world |-> "usual", kernel |-> Kernel1],
  \* arm64-by-offset@same-host v6.12
  [recipe |-> Recipe2, policy |-> "advance", moves |-> TRUE, wallClocks |-> TRUE, from |-> 1, nrVcpus |-> 2, world |-> "same-host", kernel |-> Kernel1],
  \* series-v1-arm64-one-vcpu series-v1
  [recipe |-> Recipe3, policy |-> "advance", moves |-> TRUE, wallClocks |-> TRUE, from |-> 4, nrVcpus |-> 2, world |-> "usual", kernel |-> Kernel2],
  \* arm64-by-value@stepped-clock v6.12
  [recipe |-> Recipe4, policy |-> "advance", moves |-> TRUE, wallClocks |-> TRUE, from |-> 4, nrVcpus |-> 2, world |-> "stepped-clock", kernel |-> Kernel1],
  \* cloud-hypervisor-arm64 v6.12
  [recipe |-> Recipe5, policy |-> "advance", moves |-> TRUE, wallClocks |-> TRUE, from |-> 4, nrVcpus |-> 2, world |-> "usual", kernel |-> Kernel1],
  \* qemu-arm64-migrate v6.12
  [recipe |-> Recipe6, policy |-> "freeze", moves |-> TRUE, wallClocks |-> FALSE, from |-> 4, nrVcpus |-> 2, world |-> "usual", kernel |-> Kernel1],
  \* arm64-by-value@short v6.12
  [recipe |-> Recipe4, policy |-> "advance", moves |-> TRUE, wallClocks |-> TRUE, from |-> 4, nrVcpus |-> 2, world |-> "short", kernel |-> Kernel1],
  \* forgetful v6.12
  [recipe |-> Recipe7, policy |-> "advance", moves |-> TRUE, wallClocks |-> FALSE, from |-> 1, nrVcpus |-> 2, world |-> "usual", kernel |-> Kernel1]>>

Init == MigrationArm64Init
Next == MigrationArm64Next
Spec == Init /\ [][Next]_allVars

StaySpec == Init /\ case \in 1 .. 2 /\ [][Next]_allVars
MoveSpec == Init /\ case \in 3 .. 5 /\ [][Next]_allVars
LoopsSpec == Init /\ case \in 6 .. 7 /\ [][Next]_allVars
ForgetfulSpec == Init /\ case \in 8 .. 8 /\ [][Next]_allVars

ASSUME \A c \in DOMAIN TheCases : TLCSet(c, {})
====
