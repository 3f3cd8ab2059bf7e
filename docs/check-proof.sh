#!/bin/sh
# Checks the proof of an event (stele proof POSITION) with nothing of Stele: sha256sum, base64, xxd and openssl 3.
# What it does is RFC 6962, section 2.1, C2SP's tlog-proof and its signed-note, in so many lines.
#
#   docs/check-proof.sh event.tlog-proof keys     (keys: what stele log keys printed, got from elsewhere)
set -eu
proof=$1
keys=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

wrong() {
  echo "WRONG: $1"
  exit 1
}

# Numbers come from whoever handed over the proof, and a shell would take more than numbers for one.
require_number() {
  case $1 in '' | *[!0-9]* | 0?* | ???????????????????*) wrong "$2 is no number" ;; esac
}

sha256() { sha256sum | cut -c 1-64; }
unhex() { xxd -r -p; }

[ "$(sed -n 1p "$proof")" = c2sp.org/tlog-proof@v1 ] || wrong "this is no proof"
index=$(sed -n '3s/^index //p' "$proof")
require_number "$index" "the index"

# The event as it was recorded, and its hash: of a zero byte and the bytes.
sed -n '2s/^extra //p' "$proof" | base64 -d >"$work/event"
hash=$({ printf '\000'; cat "$work/event"; } | sha256)

# What is signed: three lines, with the log's name, how many events there are and the root of their tree.
sed -e '1,/^$/d' "$proof" | sed -e '/^$/,$d' >"$work/checkpoint"
size=$(sed -n 2p "$work/checkpoint")
require_number "$size" "the number of events"
[ "$(wc -l <"$work/checkpoint")" = 3 ] || wrong "a checkpoint has three lines"
[ "$index" -lt "$size" ] || wrong "there is no event $index among $size"
grep -q "\"position\":\"$index\"" "$work/event" || wrong "the event does not say that it is at $index"
root=$(sed -n 3p "$work/checkpoint" | base64 -d | xxd -p -c 64)

# From the event to the root: each line of the proof is the hash of a neighbour, on one side or the other.
node=$index
last=$((size - 1))
for other in $(sed -e 1,3d -e '/^$/,$d' "$proof"); do
  neighbour=$(printf %s "$other" | base64 -d | xxd -p -c 64)
  if [ $((node % 2)) = 1 ] || [ "$node" = "$last" ]; then
    hash=$(printf '01%s%s' "$neighbour" "$hash" | unhex | sha256)
    while [ $((node % 2)) = 0 ] && [ "$node" != 0 ]; do
      node=$((node / 2))
      last=$((last / 2))
    done
  else
    hash=$(printf '01%s%s' "$hash" "$neighbour" | unhex | sha256)
  fi
  node=$((node / 2))
  last=$((last / 2))
done
[ "$hash" = "$root" ] && [ "$node" = 0 ] && [ "$last" = 0 ] ||
  wrong "the event is not in the log of $size events with that root"

# The signature by the log's key of type 1, Ed25519: four bytes say which key, then come 64.
name=$(sed -n 1p "$work/checkpoint")
key=$(grep -F "$name+" "$keys" | while IFS=+ read -r _ id base64; do
  case $(printf %s "$base64" | base64 -d | xxd -p -c 64 | cut -c 1-2) in 01) echo "$id $base64" ;; esac
done | head -n 1)
printf '302a300506032b6570032100%s' "$(printf %s "${key#* }" | base64 -d | xxd -p -c 64 | cut -c 3-)" | unhex >"$work/key.der"
grep -F -- "— $name " "$proof" | sed 's/.* //' | while read -r line; do
  bytes=$(printf %s "$line" | base64 -d | xxd -p -c 8192)
  case $bytes in "${key%% *}"*) printf %s "$bytes" | cut -c 9- | unhex ;; esac
done >"$work/signature"
openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$work/checkpoint" -sigfile "$work/signature" ||
  wrong "the key does not belong to the signature"

cat "$work/event"
echo
echo "is event $index of the $size events of $name, signed by its key"
