#!/bin/bash
# The story that the README tells, as it really goes: on a server of its own, in a folder of its own, which is removed at
# the end. Needs buildah, skopeo, jq and script, and 127.0.0.1:5000 to be free.
#
#   docs/story.sh   prints each command and what it printed
set -euo pipefail

root=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
folder=$(mktemp -d "${TMPDIR:-/tmp}/stele-story.XXXXXX")
log=$(mktemp "${TMPDIR:-/tmp}/stele-story.log.XXXXXX")
server=

clean_up() {
  local status=$?
  trap - EXIT
  if [[ -n $server ]]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  if ((status != 0)); then
    cat "$log" >&2
  fi
  rm -rf "$folder" "$log"
  exit "$status"
}
trap clean_up EXIT

# Prints and runs a command; ours as on a terminal. A failure is part of the story only where refused says so.
tell() {
  printf '$ %s\n' "$1"
  if [[ $1 == ./stele* ]]; then
    script --quiet --return --command "$1" /dev/null </dev/null | tr -d '\r'
  else
    bash -o pipefail -c "$1" 2>&1
  fi
}

refused() {
  if tell "$1"; then
    printf 'this should have been refused\n' >&2
    exit 1
  fi
}

cd "$folder"
ln -s "$root/stele" stele
# Nothing of the caller's: no tags in their storage, no registry of theirs.
unset STELE_SERVER STELE_PASSWORD STELE_CONFIG
export STELE_DATA=$folder/stele-data REGISTRY_AUTH_FILE=$folder/auth.json
export CONTAINERS_STORAGE_CONF=$folder/storage.conf
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s"\nrunroot = "%s"\n' "$folder/storage" "$folder/run" >storage.conf
echo '{}' >auth.json

if (exec 3<>/dev/tcp/127.0.0.1/5000) 2>/dev/null; then
  echo "something else listens on 127.0.0.1:5000; the story needs it" >&2
  exit 1
fi
./stele serve >"$log" 2>&1 &
server=$!
until curl --silent --fail 127.0.0.1:5000/readyz >/dev/null; do
  kill -0 "$server"
  sleep 0.2
done

cat >push.sh <<'SCRIPT'
ctr=$(buildah from scratch)
for i in 1 2 3; do
  echo "hello $i" > greeting
  buildah copy -q $ctr greeting / > layer
  buildah commit -q $ctr greeting:v$i > image
  buildah push -q --tls-verify=false greeting:v$i docker://127.0.0.1:5000/demo/greeting:v$i
  skopeo copy -q --src-tls-verify=false --dest-tls-verify=false \
    docker://127.0.0.1:5000/demo/greeting:v$i docker://127.0.0.1:5000/demo/greeting:prod
done
SCRIPT
cat >strict.yaml <<'POLICY'
policies:
  - repositories: ["**"]
    keep-tags:
      - patterns: ["^prod$"]
      - patterns: ["^v[0-9]+$"]
        most-recently-pushed-count: 1
POLICY

say() {
  printf '\n# %s\n' "$1"
}

say "push, and move a tag"
tell 'cat push.sh'
tell 'bash -e push.sh'
tell './stele events --limit 7'

say "delete"
tell 'skopeo delete --tls-verify=false docker://127.0.0.1:5000/demo/greeting:v3'

say "ask"
tell './stele tag-moves --tag prod'
tell './stele tags demo/greeting'
moved=$(./stele tag-moves --tag prod --json | jq --slurp '.[1].position')
tell "./stele tags demo/greeting --at p$moved"
removed=$(./stele tag-history demo/greeting:prod --json | jq --raw-output .digest | head -1)
tell "./stele digest $removed"

say "pull the past"
tell "skopeo inspect --tls-verify=false docker://127.0.0.1:5000/at/p$moved/demo/greeting:prod | jq -c '{Digest, Created}'"

say "replay a stricter policy"
tell 'cat strict.yaml'
tell './stele retention replay --policy strict.yaml --from p0'

say "hold"
tell './stele hold place demo/greeting --tag v2 --reason "case 17"'
refused 'skopeo delete --tls-verify=false docker://127.0.0.1:5000/demo/greeting:v2'

say "restore"
tell "./stele restore demo/greeting --tag prod --at p$moved --dry-run"
tell "./stele restore demo/greeting --tag prod --at p$moved"
tell './stele events --newest-first --limit 2'

say "check that the views are what the log says"
tell './stele projections verify | tail -4'
