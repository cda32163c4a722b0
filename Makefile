# Two commands do all: `make demo` and `make test`. Each installs what it needs into .venv.
PORT ?= 8000
RESET ?=

.PHONY: demo test test-campaigns tamper miniprogram test-lab lint check format bench pages pressure rolling failover image faults faults-bugs malformed rebuild fraud-bench fraud-answers fit lock clean

demo:
	@./install.sh run
	@exec .venv/bin/voting demo --port $(PORT) $(if $(RESET),--reset)

# In the order of folders: the long files of tests/acceptance begin first, and no process works on one alone at the end.
PARALLEL = -n 3 --dist loadfile --no-loadscope-reorder
# Beside two others a test may fail for want of time: what failed runs once more, alone, and must pass then.
PYTEST = .venv/bin/python -m pytest
SUITE = $(PYTEST) $(PARALLEL) $(ARGS) || { [ $$? = 1 ] && $(PYTEST) --last-failed --last-failed-no-failures none; }
test:
	@./install.sh dev
	@$(SUITE)

# Long runs: failovers, restarts, planted bugs, overload, random schedules of the voter's page.
test-campaigns:
	@./install.sh dev
	@.venv/bin/python -m pytest -m campaign $(ARGS)

# Bundles and logs bent in every kind that can be seen from outside, 25 contests, and untouched copies.
tamper:
	@./install.sh dev
	@.venv/bin/python -m pytest -m campaign tests/verifier $(ARGS)

# The mini program: built, checked, and run against a real service with the stand-in for WeChat. It needs npm.
miniprogram:
	@./install.sh dev
	@.venv/bin/python -m pytest -m campaign tests/wechat/test_mini_program.py $(ARGS)

# Tests of the fraud laboratory: loadtests/fraud_lab/README.md.
test-lab:
	@./install.sh fit
	@.venv/bin/python -m pytest -m lab tests/loadtests/fraud_lab $(ARGS)

lint:
	@./install.sh dev
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	@if command -v npm >/dev/null; then cd voting/web/frontend && npm ci --silent && npm run --silent check; \
	else echo "lint: the pages' scripts are not checked, as this machine has no npm" >&2; fi

# What a commit needs: format, lint, types, imports, tests.
check: lint
	@$(SUITE)

format:
	@./install.sh dev
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

bench:
	@./install.sh dev
	.venv/bin/python -m loadtests.bench $(ARGS)

# Spikes, overload, slow clients, thousands of live boards and connections: loadtests/README.md.
pressure:
	@./install.sh dev
	.venv/bin/python -m loadtests.overload $(ARGS)

# Lighthouse's scores of the voter's pages, and the processor time of a page view: loadtests/README.md.
pages:
	@./install.sh dev
	.venv/bin/python -m loadtests.pages $(ARGS)

# Restarts and crashes of two nodes behind nginx during voting: loadtests/README.md.
rolling:
	@./install.sh dev
	.venv/bin/python -m loadtests.faults.rolling $(ARGS)

# Failovers of a Patroni cluster with etcd and HAProxy during voting: loadtests/README.md.
failover:
	@./install.sh dev
	@sh tests/failover.sh
	.venv/bin/python -m loadtests.faults patroni $(ARGS)

# The image of deploy/Dockerfile, built without a Docker engine and run as its user. As root, on Debian: deploy/README.md.
image:
	@sh tests/image.sh

# Faults in the real service, with a fleet of voters and a checker: loadtests/README.md.
SEED ?= 1
SEEDS ?= 1
SECONDS ?= 120
faults:
	@./install.sh dev
	.venv/bin/python -m loadtests.faults run --seed $(SEED) --seeds $(SEEDS) --seconds $(SECONDS) $(ARGS)

# Plants bugs in the service, one after another: the checker must find each. One: BUGS="'counts twice'"
faults-bugs:
	@./install.sh dev
	.venv/bin/python -m loadtests.faults bugs $(BUGS)

# Malformed requests, in process and over HTTP: loadtests/README.md.
malformed:
	@./install.sh dev
	.venv/bin/python -m loadtests.fuzz $(ARGS)

# Recounts a million ballots and rebuilds their tally: loadtests/README.md.
rebuild:
	@./install.sh dev
	.venv/bin/python -m loadtests.faults.rebuild $(ARGS)

# What the fraud policy removes and what it costs honest voters, in simulated contests: loadtests/fraud_lab/README.md.
fraud-bench:
	@./install.sh dev
	.venv/bin/python -m loadtests.fraud_lab bench $(ARGS)

# What asking voters to confirm finds, and what it costs, in simulated contests: loadtests/fraud_lab/README.md.
fraud-answers:
	@./install.sh dev
	.venv/bin/python -m loadtests.fraud_lab answers $(ARGS)

# The model of a new fraud policy, as JSON on standard output: loadtests/fraud_lab/README.md.
fit:
	@./install.sh fit
	@.venv/bin/python -m loadtests.fraud_lab fit $(ARGS)

# Pins anew, for every platform, without naming a registry.
lock:
	@./install.sh dev
	@for name in run dev fit node uv patroni; do \
	  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-package voting \
	    --custom-compile-command "make lock" $(if $(UPGRADE),--upgrade) requirements/$$name.in -o requirements/$$name.txt; done

clean:
	rm -rf .venv .tools voting/web/static dist build
