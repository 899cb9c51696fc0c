#!/bin/sh
# check.sh ARCHIVE: unpacks a release into a folder that cannot be written, and tries it without Maven and without a JDK.
set -eu
archive=$(realpath "$1")
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
mkdir "$folder/bin" "$folder/home" "$folder/work"
tar -xzf "$archive" -C "$folder"
root=$(echo "$folder"/longitude-*)
chmod -R a-w "$root"
touch "$folder/unpacked"
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
# Of a JDK only java, and what the launcher calls.
for tool in "$java" sh dirname mktemp rm wc cat mkdir sed head; do
    ln -s "$(command -v "$tool")" "$folder/bin/"
done
cd "$folder/work"

run() {
    code=$1
    shift
    status=0
    env -i PATH="$folder/bin" HOME="$folder/home" TMPDIR="$folder/work" "$root/longitude" "$@" >"$folder/out" 2>&1 || status=$?
    if [ "$status" != "$code" ]; then
        cat "$folder/out"
        echo "check.sh: longitude $*: exit code $status instead of $code" >&2
        exit 1
    fi
    echo "longitude $*: exit code $code"
}

says() {
    grep -q "$1" "$folder/out" || {
        cat "$folder/out"
        echo "check.sh: the output lacks: $1" >&2
        exit 1
    }
}

recordings=$root/trace-validator/src/main/resources/recordings/x86_64-linux6.12.95-tcg-max
run 0 --version
says '^longitude [0-9]'
run 0 kernels
says userSetTscGate
run 0 validate "$recordings/S1-msr-write-by-value.jsonl"
says 'conforms to v6.12: 82 events'
run 1 validate --kernel v6.1 "$recordings/S1-msr-write-by-value.jsonl"
says ':17: refused'
run 0 check --recipe kernel-documented --kernel v6.12 --world usual --property SameLine
says 'SameLine *holds'
run 1 check --recipe series-by-value --kernel v6.12 --world usual --property SameLine
says 'SameLine *fails'
# Nothing but its user's cache was written (root could).
[ -z "$(find "$root" -newer "$folder/unpacked")" ] || { echo "check.sh: changed: $(find "$root" -newer "$folder/unpacked")" >&2; exit 1; }
[ -z "$(find "$folder/work" -mindepth 1)" ] || { echo "check.sh: left behind: $(ls "$folder/work")" >&2; exit 1; }
echo "$archive works."
