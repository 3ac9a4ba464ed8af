# Every command works on a machine with Python 3.11+ and nothing else prepared.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
SOURCES := crawler classifiers pipelines dashboards tests benchmarks docs release

.PHONY: venv dev demo browser model model-card test check lint types imports wheel reference docs sbom reproducible release encoder fonts lock bench bench-contacts bench-quality bench-extraction bench-assess bench-search bench-packet bench-packet_outside bench-tampering bench-encoder bench-crawl bench-kills bench-watch bench-workers bench-browser bench-forbidden bench-sellers bench-links bench-dashboard bench-hostile bench-faults bench-million clean

venv: $(VENV)/.core
$(VENV)/.core: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Tracemark needs Python 3.11 or newer")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "no venv module: apt-get install python3-venv"; exit 5; }
	@echo "installing what Tracemark needs into $(VENV) (a minute or two)"
	@$(PIP) -e .
	@touch $@

dev: $(VENV)/.dev $(VENV)/s3/.made
$(VENV)/.dev: $(VENV)/.core
	@echo "installing what the tests need"
	@$(PIP) torch==2.13.0
	@$(PIP) -e '.[train,scale,observe,dev,docs]'
	@touch $@

# A server that speaks S3, for tests: apart, since botocore wants an older python-dateutil than we have.
$(VENV)/s3/.made: Makefile | $(VENV)/.core
	@$(PYTHON) -m venv $(VENV)/s3
	@$(VENV)/s3/bin/python -m pip install --quiet --disable-pip-version-check 'moto[s3]==5.2.5' flask==3.1.3 flask-cors==6.0.5
	@touch $@

demo: venv
	@$(BIN)/tracemark demo --workspace demo-workspace

browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq chromium; } || { echo "as root: apt-get install chromium"; exit 5; }

test: dev
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

check: dev lint types imports docs wheel reproducible

lint:
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/ruff check $(SOURCES)

types:
	$(BIN)/mypy

imports:
	$(BIN)/lint-imports

wheel:
	$(BIN)/python tests/wheel_smoke.py

# What docs/reference says is read from the code.
reference: dev
	$(BIN)/python docs/reference.py

# Strict: a link that leads nowhere is an error. Read site/index.html; nothing in it comes from elsewhere.
docs: dev
	$(BIN)/zensical build --clean --strict

sbom: dev
	$(BIN)/python release/sbom.py dist

reproducible: dev
	$(BIN)/python release/reproduce.py

# What a release consists of, in dist/ (docs/releasing.md).
release: dev
	rm -rf dist
	$(BIN)/python release/reproduce.py dist
	$(BIN)/python release/sbom.py dist

encoder: dev
	$(BIN)/python -m classifiers.encoder.build

# Trained files first, then the card that says what they are worth.
model: dev
	$(BIN)/python -m classifiers.training

model-card: dev
	$(BIN)/python -m classifiers.evaluation.card
	$(BIN)/python -m pipelines.packet.rates

# Needs Debian's fonts-noto-core and fonts-noto-cjk.
fonts: dev
	$(BIN)/python -m pipelines.packet.typefaces

# The constraints are resolved for every Python we support; uv.lock would name a registry (docs/decisions/0002).
lock:
	uv pip compile --universal --python-version 3.11 --all-extras --no-annotate --no-header pyproject.toml \
	  | sed '/^torch==/d' > constraints.txt
	echo 'torch==2.13.0' >> constraints.txt

bench: dev
	$(BIN)/python benchmarks/crawl.py

bench-contacts bench-quality bench-extraction bench-assess bench-search bench-packet bench-packet_outside bench-tampering bench-encoder bench-crawl bench-kills bench-watch bench-workers bench-browser bench-forbidden bench-sellers bench-links bench-dashboard bench-hostile bench-faults bench-million: bench-%: dev
	$(BIN)/python benchmarks/$*.py $(ARGS)

clean:
	rm -rf $(VENV) dist build demo-workspace
