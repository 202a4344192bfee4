# Sourced by scripts/burn-in, scripts/test, scripts/check and scripts/contracts; not a program of its own.
#
#   setup_python run|dev   .venv holds the hash-locked packages of requirements/<level>.txt and this project, editable
#   setup_browser          a Chromium is there that the harness will find
#
# Set-up happens once. What it depends on is hashed into a stamp inside .venv, written last: an interrupted set-up has
# no stamp and is taken up again; a second start compares two hashes and starts neither Python nor pip. Two starts at
# once wait for each other on a lock of the project folder itself, so no lock file is left lying about.
# What cannot be mended ends with three lines (what happened, why, what to do) and exit code 4: the environment
# lacks something.

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
VENV=$ROOT/.venv
SETUP_LOG=$ROOT/.venv/setup.log

setup_fail() { # what happened, why, what to do
  printf '%s\n%s\n%s\n' "error: $1" "  why: $2" "  do:  $3" >&2
  exit 4
}

setup_say() { printf '%s\n' "$*" >&2; }

# --- Python -----------------------------------------------------------------------------------------------------------

setup_python() { # level: run or dev
  _setup_is_current "$1" && return
  # A subshell, so that the lock ends with it. It must stay a plain command: after `||` or `if`, bash ignores `set -e`.
  (
    trap 'setup_say "Interrupted; the next start takes the set-up up again."; exit 130' INT
    if [[ -n $(type -P flock) ]] && ! flock --nonblock 9; then
      setup_say "Another set-up of this checkout is running; waiting for it."
      flock 9
    fi
    _setup_is_current "$1" || _setup_install "$1"
  ) 9<"$ROOT"
}

_setup_stamp() { # level; prints what a finished set-up of that level writes
  local files=("$ROOT/requirements/run.txt" "$ROOT/pyproject.toml" "$VENV/pyvenv.cfg")
  [[ $1 == run ]] || files+=("$ROOT/requirements/dev.txt")
  printf '%s\n' "$ROOT" # a copied or moved .venv still points to its old place
  cat -- "${files[@]}" | sha256sum
}

_setup_is_current() { # level
  local level
  # The links in a venv dangle when its interpreter was removed; a set HARNESS_PYTHON asks for that interpreter.
  [[ -x $VENV/bin/python && ! -e $VENV/.unfinished ]] || return 1
  [[ -z ${HARNESS_PYTHON:-} || $(cat "$VENV/.asked-python" 2>/dev/null) == "$HARNESS_PYTHON" ]] || return 1
  for level in dev run; do # dev.txt is a superset of run.txt, so a dev set-up serves both
    [[ $level == dev || $1 == run ]] || continue
    [[ -f $VENV/.stamp-$level && $(<"$VENV/.stamp-$level") == "$(_setup_stamp "$level")" ]] && return 0
  done
  return 1
}

_setup_install() { # level
  local python version
  [[ ! -e $VENV || -w $VENV ]] ||
    setup_fail "cannot write to $VENV" "it belongs to another user" "start as that user, or remove the folder"
  rm -f -- "$VENV/.stamp-run" "$VENV/.stamp-dev"
  if ! _setup_venv_works; then
    _setup_pick_python # sets python and version
    setup_say "Setting up .venv with Python $version ($python); this happens once."
    rm -rf -- "$VENV" 2>/dev/null && mkdir -- "$VENV" 2>/dev/null && : >"$VENV/.unfinished" ||
      setup_fail "cannot create $VENV" "the folder is not writable for $(id -un)" "make it writable, or copy the checkout to a folder of yours"
    _setup_logged "cannot create the virtual environment $VENV" "$python" -m venv "$VENV"
    rm -- "$VENV/.unfinished"
  else
    setup_say "Bringing .venv up to date with requirements/$1.txt."
  fi
  _setup_pip -r "$ROOT/requirements/$1.txt" --require-hashes
  _setup_pip --no-build-isolation --editable "$ROOT"
  printf '%s\n' "${HARNESS_PYTHON:-}" >"$VENV/.asked-python"
  _setup_stamp "$1" >"$VENV/.stamp-$1.new"
  mv -- "$VENV/.stamp-$1.new" "$VENV/.stamp-$1"
}

_setup_venv_works() { # an existing .venv, also one made by hand, is completed rather than replaced
  [[ -x $VENV/bin/python && ! -e $VENV/.unfinished ]] || return 1
  [[ -z ${HARNESS_PYTHON:-} || $(cat "$VENV/.asked-python" 2>/dev/null) == "$HARNESS_PYTHON" ]] || return 1
  "$VENV/bin/python" -c 'import sys, pip; sys.exit(sys.version_info < (3, 11) or sys.prefix == sys.base_prefix)' \
    </dev/null >/dev/null 2>&1
}

_setup_pip() { # arguments of pip install
  _setup_logged "cannot install the locked packages into .venv" "$VENV/bin/python" -m pip install --no-deps --no-user \
    --no-input --disable-pip-version-check --no-warn-script-location --quiet "$@"
}

_setup_logged() { # what to say when it fails, then the command
  local what=$1 why
  shift
  if ! "$@" </dev/null >"$SETUP_LOG" 2>&1; then
    why=$(grep -aiE '^(error|e:)' "$SETUP_LOG" | head -n 1 || true)
    [[ -n $why ]] || why=$(grep -av '^[[:space:]]*$' "$SETUP_LOG" | tail -n 1 || true)
    why=${why:-the command failed without a word: $*}
    setup_fail "$what" "${why:0:300}" "read $SETUP_LOG, mend what it names, start again"
  fi
}

# Sets python (a real file: a venv made from it dangles, rather than lies, when the interpreter is replaced) and version.
_setup_pick_python() {
  local candidate facts best="" candidates=(python3.13 python3.12 python3.11 python3 python)
  [[ -z ${HARNESS_PYTHON:-} ]] || candidates=("$HARNESS_PYTHON")
  for candidate in "${candidates[@]}"; do
    facts=$(_setup_python_facts "$candidate") || continue
    best=${best:-$facts}
    [[ $facts == yes* ]] && { best=$facts; break; }
  done
  if [[ -z $best && -n ${HARNESS_PYTHON:-} ]]; then
    setup_fail "HARNESS_PYTHON=$HARNESS_PYTHON cannot be used" "it does not start, or is older than Python 3.11" "name a Python 3.11 or newer, or unset HARNESS_PYTHON"
  elif [[ -z $best ]]; then
    setup_fail "no Python 3.11 or newer was found" "looked on PATH for: ${candidates[*]}" "install Python 3.11 or newer, or set HARNESS_PYTHON to one"
  fi
  if [[ $best == no* ]]; then # Debian packs venv and its pip apart from Python
    _setup_can_apt || setup_fail "Python has no venv module" "${best#* * } lacks venv or ensurepip" "install it (on Debian and Ubuntu: apt-get install python3-venv), or set HARNESS_PYTHON to another Python"
    _setup_apt python3-venv
    best=$(_setup_python_facts "${best#* * }") && [[ $best == yes* ]] ||
      best=$(_setup_python_facts python3) && [[ $best == yes* ]] ||
      setup_fail "Python has no venv module" "python3-venv is installed, but serves another Python" "set HARNESS_PYTHON to the system's python3"
  fi
  read -r _ version python <<<"$best"
}

_setup_python_facts() { # interpreter; prints "yes|no VERSION REAL_PATH" (yes: it can make a venv); fails below 3.11
  "$1" - 2>/dev/null <<'PYTHON'
import importlib.util, os, platform, sys
if sys.version_info < (3, 11):
    sys.exit(1)
able = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
print("yes" if able else "no", platform.python_version(), os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
PYTHON
}

# --- Browser ----------------------------------------------------------------------------------------------------------

# Only decides whether one has to be installed; which one a run uses is the harness's own search (harness/cdp).
setup_browser() {
  local name names=(chromium-headless-shell chrome-headless-shell headless_shell chromium chromium-browser google-chrome google-chrome-stable chrome)
  if [[ -n ${HARNESS_BROWSER:-} ]]; then
    [[ -f $HARNESS_BROWSER && -x $HARNESS_BROWSER ]] ||
      setup_fail "HARNESS_BROWSER=$HARNESS_BROWSER cannot be used" "it is not an executable file" "name the path of a Chromium, or unset HARNESS_BROWSER to have one found"
    return 0
  fi
  for name in "${names[@]}"; do
    [[ -z $(type -P "$name") ]] || return 0
  done
  _setup_can_apt ||
    setup_fail "no browser was found" "looked on PATH for: ${names[*]}" "install Chromium (on Debian: apt-get install chromium-headless-shell), or set HARNESS_BROWSER to one"
  setup_say "No browser was found; installing chromium-headless-shell."
  _setup_apt chromium-headless-shell
}

# --- Packages of the system -------------------------------------------------------------------------------------------

_setup_can_apt() { [[ $(id -u) == 0 && -n $(type -P apt-get) ]]; }

_setup_apt() { # package
  local SETUP_LOG # apt may run before .venv exists
  SETUP_LOG=$(mktemp "${TMPDIR:-/tmp}/harness-setup-XXXXXX.log")
  export DEBIAN_FRONTEND=noninteractive
  _setup_logged "cannot refresh the package lists" apt-get update -q
  _setup_logged "cannot install $1" apt-get install -q -y --no-install-recommends "$1"
  rm -f -- "$SETUP_LOG"
}
