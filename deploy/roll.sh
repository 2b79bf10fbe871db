#!/bin/sh
# A new version of the website without a moment in which nobody answers: new containers first, then the old ones go.
# Before it: docker compose build, and docker compose run --rm migrate.
set -eu
cd "$(dirname "$0")/.."

old=$(docker compose ps --quiet web)
count=$(echo "$old" | grep -c .) || { echo 'No website runs: docker compose up --detach --wait' >&2; exit 1; }
# --no-recreate leaves the old ones as they are; those that are missing are made from the new image.
if ! docker compose up --detach --no-deps --no-recreate --scale "web=$((count * 2))" --wait web; then
    # The proxy finds the new ones by their name, well or not: people would get their errors.
    docker compose logs --tail 50 web >&2 || true
    for container in $(docker compose ps --all --quiet web); do
        echo "$old" | grep -qx "$container" || docker rm --force "$container" > /dev/null
    done
    echo 'The new websites did not get well, and are gone again; the old ones go on. Above is what all of them said last.' >&2
    exit 1
fi
for container in $old; do
    # In its own time: it takes no more requests and ends those it has.
    docker stop -t 30 "$container" > /dev/null
    docker rm "$container" > /dev/null
done
docker compose up --detach --no-deps --no-recreate --scale "web=$count" --wait web
