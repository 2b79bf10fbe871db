# syntax=docker/dockerfile:1
# One image for web, worker, beat and migrate; docker-compose.yml says which of them a container is.

FROM python:3.11-slim-bookworm AS build
ENV UV_NO_CACHE=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /build
# The lock comes first: a change of the program's code does not install everything anew.
COPY requirements/uv.txt requirements/postgres.txt requirements/
RUN pip install --no-cache-dir --require-hashes --requirement requirements/uv.txt
# Byte code is compiled here, because the running containers cannot write into their own image.
RUN uv venv --python /usr/local/bin/python3.11 /opt/venv \
    && uv pip sync --python /opt/venv/bin/python --require-hashes --compile-bytecode requirements/postgres.txt


FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Dataset tagger"
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DATA_DIR=/data \
    HOST=0.0.0.0 \
    AUTH_MODE=password

# The proxy runs as the same number, so that it can read pictures that only their owner may read. /data and /spool
# exist here with their owner because a new volume takes over the owner of the folder it is mounted on.
RUN groupadd --gid 10001 tagger \
    && useradd --uid 10001 --gid tagger --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin tagger \
    && install --directory --owner=tagger --group=tagger --mode=0750 /data /spool

COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY manage.py ./
COPY deploy/__init__.py deploy/flower.py deploy/gunicorn_conf.py deploy/healthcheck.py deploy/
COPY tagger_project tagger_project
COPY datasets datasets
COPY tagging tagging
COPY sessions_app sessions_app
COPY templates templates
COPY static static
# Static files go into the data volume when `migrate` runs, so that names of the last version live on for pages that
# are still open. Collecting them here as well makes a broken import or a missing file fail the build, not the start.
RUN chmod -R a+rX . \
    && python -m compileall -q . \
    && DATA_DIR=/tmp/build ENV_FILE=none python manage.py collectstatic --noinput --verbosity 0 \
    && rm -r /tmp/build

USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-m", "deploy.healthcheck", "web"]
# Alone, the image is the whole program on one machine: database, broker and workers inside the container. It listens
# for others there, so people sign in.
CMD ["python", "manage.py", "up"]
