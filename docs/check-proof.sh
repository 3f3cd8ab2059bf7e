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

sha256() { sha256sum | cut -c 1-64; }
unhex() { xxd -r -p; }

# The event as it was recorded, and its hash: of a zero byte and the bytes.
sed -n 's/^extra //p' "$proof" | base64 -d >"$work/event"
hash=$({ printf '\000'; cat "$work/event"; } | sha256)

# What is signed: three lines, with the log's name, how many events there are and the root of their tree.
sed -e '1,/^$/d' "$proof" | sed -e '/^$/,$d' >"$work/checkpoint"
size=$(sed -n 2p "$work/checkpoint")
root=$(sed -n 3p "$work/checkpoint" | base64 -d | xxd -p -c 64)

# From the event to the root: each line of the proof is the hash of a neighbour, on one side or the other.
node=$(sed -n 's/^index //p' "$proof")
last=$((size - 1))
for other in $(sed -n '/^index /,/^$/p' "$proof" | sed -e 1d -e '/^$/d'); do
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
if [ "$hash" != "$root" ] || [ "$last" != 0 ]; then
  echo "WRONG: the event is not in the log of $size events with that root"
  exit 1
fi

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
openssl pkeyutl -verify -pubin -keyform DER -inkey "$work/key.der" -rawin -in "$work/checkpoint" -sigfile "$work/signature" || {
  echo "WRONG: the key does not belong to the signature"
  exit 1
}

cat "$work/event"
echo
echo "is event $(sed -n 's/^index //p' "$proof") of the $size events of $name, signed by its key"
