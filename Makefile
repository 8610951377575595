PYTHON ?= python3
BIN    := .venv/bin
READY  := .venv/.ready

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test check format bench chaos mutants profiles conformance tools screenshots lock wheel clean

help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## Run the demonstration: simulated parties exchanging records
	@$(BIN)/sambro demo

test: $(READY) tools ## Run the whole test suite; lists what was skipped and why
	@$(BIN)/python -m pytest -rs -n 2 --dist loadfile --no-loadscope-reorder

check: $(READY) ## Lint, formatting, types and import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY) ## Format the code and apply the safe lint fixes
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: $(READY) ## Measure the budgets
	@$(BIN)/python -m tests.bench

chaos: $(READY) tools ## Kill workers at random on both databases; MESSAGES=12000 KILLS=24 unless stated
	@$(BIN)/python -m tests.chaos $(if $(MESSAGES),--messages $(MESSAGES)) $(if $(KILLS),--kills $(KILLS))

mutants: $(READY) ## Try whether the tests notice small faults in the decision and the release filter
	@$(BIN)/python -m tests.mutants

profiles: $(READY) ## Compile fhir_profiles/fsh: the definitions and examples that ship, and docs/fhir
	@$(BIN)/python -m fhir_profiles.build .tools

conformance: $(READY) tools ## Hold what is shipped, mapped, audited, answered and sent against the official HL7 validator; report in docs/fhir and .tools/
	@$(BIN)/python -m pytest -rs tests/conformance tests/fhir_profiles

tools: $(READY) ## Install SUSHI, the HL7 validator, a Chromium and PostgreSQL, or say why not
	@$(BIN)/python -m tests.tools

screenshots: $(READY) tools ## Make the pictures of docs/console.md anew
	@$(BIN)/python -m tests.browser.screenshots

lock: $(READY) ## Remake requirements.lock from pyproject.toml, at the latest versions
	$(BIN)/uv pip compile pyproject.toml --quiet --upgrade --universal --python-version 3.11 --extra dev \
	    --generate-hashes --no-emit-index-url --no-header --no-annotate --output-file requirements.lock

wheel: $(READY) ## Build the wheel into dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist

clean: ## Remove the environment, caches and built files
	rm -rf .venv .tools dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment: exactly the locked versions, each checked against its hash, then the project itself.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Sambro needs Python 3.11 or later: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	    { echo "This Python cannot make environments. On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@touch $@
