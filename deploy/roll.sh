#!/bin/sh
# A new version of the website without a moment in which nobody answers: new containers first, then the old ones go.
# Before it: docker compose build, and docker compose run --rm migrate.
set -eu
cd "$(dirname "$0")/.."

old=$(docker compose ps --quiet web)
count=$(echo "$old" | grep -c .) || { echo 'No website runs: docker compose up --detach --wait' >&2; exit 1; }
# --no-recreate leaves the old ones as they are; those that are missing are made from the new image.
docker compose up --detach --no-deps --no-recreate --scale "web=$((count * 2))" --wait web
for container in $old; do
    # In its own time: it takes no more requests and ends those it has.
    docker stop -t 30 "$container" > /dev/null
    docker rm "$container" > /dev/null
done
docker compose up --detach --no-deps --no-recreate --scale "web=$count" --wait web
