#!/usr/bin/env bash
# The whole way of one video with nothing but curl: upload (tus), job, follow, download, check.
#   curl.sh INPUT OUTPUT ["FFMPEG PARAMS"]
# FFCLUSTER_URL and FFCLUSTER_TOKEN say where, for example https://node-1:5001. For a server with its own certificate, give
# curl the certificate: FFCLUSTER_CURL="--cacert server.pem --connect-to ffcluster.invalid:5001:node-1:5001", and
# https://ffcluster.invalid:5001 as the URL.
set -euo pipefail

input=$1
output=$2
params=${3:--c:v libx264 -crf 20}
url=${FFCLUSTER_URL:-http://127.0.0.1:5001}
api=$url/api/v1
read -r -a options <<<"${FFCLUSTER_CURL:-}"

# The token comes from a file descriptor, so that no list of processes shows it.
ask() {
  curl --silent --show-error --fail-with-body ${options[@]+"${options[@]}"} \
    --header @<(printf 'Authorization: Bearer %s\n' "$FFCLUSTER_TOKEN") "$@"
}
digest() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1; }
base64_of() { printf '%s' "$1" | base64 | tr -d '\n'; }
# One field of flat JSON; use jq for more.
field() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" | head -n 1; }
header() { tr -d '\r' | sed -n "s/^$1: //Ip"; }

# 1. Upload. After a broken line, go on from what the server has.
size=$(wc -c <"$input" | tr -d ' ')
metadata="filename $(base64_of "$(basename "$input")"),sha256 $(base64_of "$(digest "$input")")"
tus=(--header 'Tus-Resumable: 1.0.0')
location=$(ask "${tus[@]}" --request POST --header "Upload-Length: $size" --header "Upload-Metadata: $metadata" \
  --dump-header - --output /dev/null "$api/tus" | header location)
for try in 1 2 3 4 5; do
  offset=$(ask "${tus[@]}" --head "$url$location" | header upload-offset)
  [ "$offset" = "$size" ] && break
  tail -c "+$((offset + 1))" "$input" | ask "${tus[@]}" --request PATCH --header "Upload-Offset: $offset" --header 'Expect:' \
    --header 'Content-Type: application/offset+octet-stream' --upload-file - "$url$location" || sleep "$try"
done
[ "$offset" = "$size" ] || { echo "the upload stands at $offset of $size bytes" >&2; exit 1; }

# 2. A job. With the same key it is made once, however often this is sent.
key=$(digest <(printf '%s %s' "$location" "$params"))
json() { printf '%s' "$1" | sed 's/[\\"]/\\&/g'; }
job=$(ask --retry 5 --header "Idempotency-Key: $key" --header 'Content-Type: application/json' --data @- "$api/jobs" <<JSON | field job_id
{"source_id":"${location##*/}","ffmpeg_params":"$(json "$params")","output_name":"$(json "$(basename "$output")")"}
JSON
)
echo "job $job"

# 3. Follow it: one event for each change, until it has ended.
status=Queued
until [[ $status =~ ^(Completed|Failed|Cancelled)$ ]]; do
  while read -r line; do
    status=$(field status <<<"$line")
    echo "$status"
  done < <(ask --no-buffer "$api/jobs/$job/watch" | grep --line-buffered '^data: ')
done
[ "$status" = Completed ] || { ask "$api/jobs/$job" >&2; exit 1; }

# 4. Download; run again, it goes on where it stopped. Then hold it against the digest that the server names.
ask --continue-at - --output "$output" "$api/jobs/$job/output"
wanted=$(ask --head "$api/jobs/$job/output" | header etag | tr -d '"')
[ "$(digest "$output")" = "$wanted" ] || { echo "$output is not what the server has" >&2; exit 1; }
echo "$output $wanted"
