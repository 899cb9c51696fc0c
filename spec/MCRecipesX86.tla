---- MODULE MCRecipesX86 ----
\* Some cases of the matrix, as `longitude matrix` gives them to TLC.  RecipeModelsTest
\* writes this module and its configurations; the recipes are in recipes/, `forgetful` is in the test.
EXTENDS MigrationX86

Recipe1 == <<
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "SetTscOffset", offset |-> <<"number", 0>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Wait", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {1}, steps |-> <<
    [op |-> "SetTscOffset", offset |-> <<"number", 0>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe2 == <<
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteSystemTime", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "KvmclockCtrl", mayFail |-> TRUE, unlessNear |-> FALSE],
    [op |-> "VcpuLoad", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "GetClock", as |-> "clock", mayFail |-> FALSE, unlessNear |-> FALSE, needs |-> {"clock", "realtime"}, fills |-> TRUE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "SetClock", clock |-> <<"savedOf", "clock.clock", 0>>, flags |-> <<"number", 4>>, realtime |-> <<"savedOf", "clock.realtime", 0>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe3 == <<
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0}, steps |-> <<
    [op |-> "WriteTsc", value |-> <<"number", 0>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0}, steps |-> <<
    [op |-> "WriteTsc", value |-> <<"number", 1>>, mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteSystemTime", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Wait", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {1}, steps |-> <<
    [op |-> "WriteTsc", value |-> <<"number", 0>>, mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteSystemTime", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe4 == <<
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteSystemTime", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "ReadRealtime", as |-> "saved", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ReadTsc", as |-> "tsc", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "GetClock", as |-> "clock", mayFail |-> FALSE, unlessNear |-> FALSE, needs |-> {"clock"}, fills |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteSystemTime", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "ReadRealtime", as |-> "restored", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "WriteTsc", value |-> <<"add", <<"saved", "tsc">>, <<"cycles", <<"sub", <<"savedOf", "restored", 0>>, <<"savedOf", "saved", 0>>>>>>>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "SetClock", clock |-> <<"sub", <<"add", <<"savedOf", "clock.clock", 0>>, <<"savedOf", "restored", 0>>>>, <<"savedOf", "saved", 0>>>>, flags |-> <<"number", 0>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe5 == <<
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteSystemTime", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "GetClock", as |-> "src", mayFail |-> FALSE, unlessNear |-> FALSE, needs |-> {"clock", "hostTsc", "realtime"}, fills |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "GetTscOffset", as |-> "offset", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "SetTscKhz", mayFail |-> FALSE, unlessNear |-> TRUE],
    [op |-> "WriteSystemTime", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "SetClock", clock |-> <<"savedOf", "src.clock", 0>>, flags |-> <<"number", 4>>, realtime |-> <<"savedOf", "src.realtime", 0>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "GetClock", as |-> "dst", mayFail |-> FALSE, unlessNear |-> FALSE, needs |-> {"clock", "hostTsc"}, fills |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "SetTscOffset", offset |-> <<"sub", <<"add", <<"add", <<"saved", "offset">>, <<"cycles", <<"sub", <<"savedOf", "dst.clock", 0>>, <<"savedOf", "src.clock", 0>>>>>>>>, <<"savedOf", "src.hostTsc", 0>>>>, <<"savedOf", "dst.hostTsc", 0>>>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe6 == <<
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteSystemTime", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "KvmclockCtrl", mayFail |-> TRUE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ReadTsc", as |-> "tsc", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "GetClock", as |-> "clock", mayFail |-> FALSE, unlessNear |-> FALSE, needs |-> {"clock", "flags"}, fills |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "SetLapic", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteTsc", value |-> <<"saved", "tsc">>, mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteSystemTime", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteTscDeadline", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "KvmclockCtrl", mayFail |-> TRUE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "SetClock", clock |-> <<"savedOf", "clock.clock", 0>>, flags |-> <<"without", <<"savedOf", "clock.flags", 0>>, 2>>, realtime |-> <<"savedOf", "clock.realtime", 0>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe7 == <<
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteSystemTime", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "KvmclockCtrl", mayFail |-> TRUE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ReadTsc", as |-> "tsc", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "SetLapic", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "WriteTsc", value |-> <<"saved", "tsc">>, mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteTscDeadline", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteSystemTime", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Wait", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Recipe8 == <<
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Wait", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteSystemTime", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Wait", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "WriteTsc", value |-> <<"number", 9>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "SetTscOffset", offset |-> <<"number", 13>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "SetClock", clock |-> <<"number", 7>>, flags |-> <<"number", 0>>, mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "SetLapic", mayFail |-> FALSE, unlessNear |-> FALSE],
    [op |-> "WriteTscDeadline", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Work", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "ExitGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "once", vcpus |-> {0}, steps |-> <<
    [op |-> "Blackout", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inTurn", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "CreateVcpu", mayFail |-> FALSE, unlessNear |-> FALSE]>>],
  [how |-> "inParallel", vcpus |-> {0, 1}, steps |-> <<
    [op |-> "EnterGuest", mayFail |-> FALSE, unlessNear |-> FALSE]>>]>>

Kernel1 == KernelNamed("v6.12")

TheCases == <<
  \* gvisor v6.12
  [recipe |-> Recipe1, policy |-> "advance", moves |-> FALSE, wallClocks |-> FALSE, from |-> 1, nrVcpus |-> 2, world |-> "usual", kernel |-> Kernel1],
  \* cloud-hypervisor-pause-resume v6.12
  [recipe |-> Recipe2, policy |-> "advance", moves |-> FALSE, wallClocks |-> FALSE, from |-> 4, nrVcpus |-> 2, world |-> "usual", kernel |-> Kernel1],
  \* qemu-hotplug@young-guest v6.12
  [recipe |-> Recipe3, policy |-> "advance", moves |-> FALSE, wallClocks |-> FALSE, from |-> 1, nrVcpus |-> 2, world |-> "young-guest", kernel |-> Kernel1],
  \* qemu-hotplug@short v6.12
  [recipe |-> Recipe3, policy |-> "advance", moves |-> FALSE, wallClocks |-> FALSE, from |-> 1, nrVcpus |-> 2, world |-> "short", kernel |-> Kernel1],
  \* series-by-value v6.12
  [recipe |-> Recipe4, policy |-> "advance", moves |-> TRUE, wallClocks |-> TRUE, from |-> 4, nrVcpus |-> 2, world |-> "usual", kernel |-> Kernel1],
  \* kernel-documented@same-host v6.12
  [recipe |-> Recipe5, policy |-> "advance", moves |-> TRUE, wallClocks |-> TRUE, from |-> 4, nrVcpus |-> 2, world |-> "same-host", kernel |-> Kernel1],
  \* kernel-documented@stepped-clock v6.12
  [recipe |-> Recipe5, policy |-> "advance", moves |-> TRUE, wallClocks |-> TRUE, from |-> 4, nrVcpus |-> 2, world |-> "stepped-clock", kernel |-> Kernel1],
  \* kernel-documented@cannot-scale v6.12
  [recipe |-> Recipe5, policy |-> "advance", moves |-> TRUE, wallClocks |-> TRUE, from |-> 4, nrVcpus |-> 2, world |-> "cannot-scale", kernel |-> Kernel1],
  \* kernel-documented@near-rate v6.12
  [recipe |-> Recipe5, policy |-> "advance", moves |-> TRUE, wallClocks |-> TRUE, from |-> 4, nrVcpus |-> 2, world |-> "near-rate", kernel |-> Kernel1],
  \* kernel-documented@other-rate v6.12
  [recipe |-> Recipe5, policy |-> "advance", moves |-> TRUE, wallClocks |-> TRUE, from |-> 4, nrVcpus |-> 2, world |-> "other-rate", kernel |-> Kernel1],
  \* firecracker-1.15 v6.12
  [recipe |-> Recipe6, policy |-> "freeze", moves |-> TRUE, wallClocks |-> TRUE, from |-> 4, nrVcpus |-> 2, world |-> "usual", kernel |-> Kernel1],
  \* crosvm-cold v6.12
  [recipe |-> Recipe7, policy |-> "freeze", moves |-> TRUE, wallClocks |-> FALSE, from |-> 4, nrVcpus |-> 2, world |-> "usual", kernel |-> Kernel1],
  \* forgetful v6.12
  [recipe |-> Recipe8, policy |-> "advance", moves |-> TRUE, wallClocks |-> FALSE, from |-> 1, nrVcpus |-> 2, world |-> "usual", kernel |-> Kernel1]>>

Init == MigrationX86Init
Next == MigrationX86Next
Spec == Init /\ [][Next]_allVars

StaySpec == Init /\ case \in 1 .. 4 /\ [][Next]_allVars
ValueSpec == Init /\ case \in 5 .. 5 /\ [][Next]_allVars
MoveSpec == Init /\ case \in 6 .. 8 /\ [][Next]_allVars
RatesSpec == Init /\ case \in 9 .. 10 /\ [][Next]_allVars
ColdSpec == Init /\ case \in 11 .. 12 /\ [][Next]_allVars
ForgetfulSpec == Init /\ case \in 13 .. 13 /\ [][Next]_allVars

ASSUME \A c \in DOMAIN TheCases : TLCSet(c, {})
====
