------------------------------ MODULE TscRatio -------------------------------
(***************************************************************************)
(* Which ratio the hardware scales a guest's TSC with under SVM: one MSR   *)
(* for each CPU (MSR_AMD64_TSC_RATIO).  KVM writes it when it loads a vCPU *)
(* whose ratio is not the one that it has cached for the CPU, at           *)
(* KVM_SET_TSC_KHZ, and where a nested guest is entered and left.  KvmX86  *)
(* takes for granted that each vCPU has its own ratio.                     *)
(***************************************************************************)
EXTENDS Naturals

\* A configuration may override these.
Vcpus         == {0, 1}
Rates         == {1, 2}     \* ratios that userspace may set; 1 is the default
NestedRatio   == 3          \* by which a nested guest's TSC is scaled in addition
SetsCache     == TRUE       \* TRUE: KVM_SET_TSC_KHZ updates the cache, too
RestoresOwn   == TRUE       \* TRUE: where the nested guest is left, the vCPU's own ratio comes back

VARIABLES
  ratio,     \* for each vCPU: its ratio
  msr,       \* the CPU's
  cached,    \* what KVM takes the MSR for
  loaded,    \* {} or {the vCPU on the CPU}
  nested     \* TRUE while it runs its nested guest

vars == <<ratio, msr, cached, loaded, nested>>

Init ==
  /\ ratio = [v \in Vcpus |-> 1]
  /\ msr = 1 /\ cached = 1
  /\ loaded = {} /\ nested = FALSE

\* svm_prepare_switch_to_guest(): the vCPU is about to run on the CPU.
Load(v) ==
  /\ loaded = {}
  /\ loaded' = {v}
  /\ msr' = IF ratio[v] # cached THEN ratio[v] ELSE msr
  /\ cached' = ratio[v]
  /\ UNCHANGED <<ratio, nested>>

Put(v) ==
  /\ loaded = {v} /\ ~nested
  /\ loaded' = {}
  /\ UNCHANGED <<ratio, msr, cached, nested>>

\* KVM_SET_TSC_KHZ: the ioctl loads its vCPU, so it writes the MSR of the CPU.
SetTscKhz(v, r) ==
  /\ loaded = {}
  /\ ratio' = [ratio EXCEPT ![v] = r]
  /\ msr' = r
  /\ cached' = IF SetsCache THEN r ELSE cached
  /\ UNCHANGED <<loaded, nested>>

EnterNested(v) ==
  /\ loaded = {v} /\ ~nested
  /\ nested' = TRUE
  /\ msr' = ratio[v] * NestedRatio /\ cached' = ratio[v] * NestedRatio
  /\ UNCHANGED <<ratio, loaded>>

LeaveNested(v) ==
  /\ loaded = {v} /\ nested
  /\ nested' = FALSE
  /\ msr' = IF RestoresOwn THEN ratio[v] ELSE msr
  /\ cached' = msr'
  /\ UNCHANGED <<ratio, loaded>>

Next ==
  \E v \in Vcpus : \/ Load(v) \/ Put(v) \/ EnterNested(v) \/ LeaveNested(v)
                   \/ \E r \in Rates : SetTscKhz(v, r)

Spec == Init /\ [][Next]_vars

TypeOK ==
  /\ msr \in Nat /\ cached \in Nat /\ nested \in BOOLEAN
  /\ \A v \in Vcpus : ratio[v] \in Rates
  /\ loaded \in {{}} \cup {{v} : v \in Vcpus}

\* A vCPU that runs has its own ratio; its nested guest that times its own.  If it fails, the guest's
\* time runs at the rate of another.
RatioIsOwn == \A v \in loaded : msr = ratio[v] * (IF nested THEN NestedRatio ELSE 1)
=============================================================================
