from pathlib import Path

import pytest

from scripts.checks.no_swallowed_exceptions import check

SWALLOWED = [
    "try: f()\nexcept: raise\n",
    "try: f()\nexcept Exception: pass\n",
    "try: f()\nexcept BaseException: ...\n",
    "try: f()\nexcept (ValueError, Exception): x = 1\n",
    "try: f()\nexcept builtins.Exception as error: return_(error)\n",
    "for x in y:\n  try: f()\n  except Exception: continue\n",
    "try: f()\nexcept Exception:\n  def later(): raise\n",
    "try: f()\nexcept Exception:\n  later = lambda: log.error('x')\n",
    "try: f()\nexcept* Exception: pass\n",
    "with suppress(Exception): f()\n",
    "with contextlib.suppress(KeyError, BaseException): f()\n",
]
FREE = [
    "try: f()\nexcept KeyError: pass\n",
    "try: f()\nexcept Exception as error: raise Other from error\n",
    "try: f()\nexcept Exception as error:\n  if x: log.error('spin.failed', error=error)\n",
    "try: f()\nexcept BaseException as error: waiter.set_exception(error)\n",
    "try: f()\nexcept Exception as error: self._record_failure(error)\n",
    "with suppress(KeyError): f()\n",
]


def findings(root: Path, source: str) -> int:
    (root / "harness").mkdir()
    (root / "harness/x.py").write_text(source)
    return len(list(check(root)))


@pytest.mark.parametrize("source", SWALLOWED)
def test_a_swallowed_exception_is_found(tmp_path: Path, source: str) -> None:
    assert findings(tmp_path, source) == 1


@pytest.mark.parametrize("source", FREE)
def test_a_narrow_catch_or_one_that_hands_the_error_on_is_free(tmp_path: Path, source: str) -> None:
    assert findings(tmp_path, source) == 0
