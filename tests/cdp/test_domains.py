"""The generated modules, compared with the description that they come from, by what they do."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from types import ModuleType

import msgspec
import pytest

from harness.cdp.command import CdpType, Command
from harness.cdp.domains import __path__ as domains_path
from harness.cdp.methods import READS
from scripts.checks.findings import ROOT, python_files
from scripts.protocol.description import Domain, Field, Protocol
from scripts.protocol.naming import function, pascal, snake
from scripts.protocol.source import read_description

PROTOCOL = Protocol(read_description(ROOT))
DOMAINS = {domain.domain: domain for domain in PROTOCOL.domains}


def module(domain: Domain) -> ModuleType:
    __import__(name := f"harness.cdp.domains.{snake(domain.domain)}")
    return sys.modules[name]


def names(fields: list[Field]) -> list[str]:
    return [field.name for field in fields]


def wire_names(struct: type[CdpType]) -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(struct)]


def test_every_domain_has_its_module_and_there_is_no_other() -> None:
    found = {path.stem for folder in domains_path for path in (ROOT / folder).glob("*.py")} - {"__init__"}
    assert found == {snake(name) for name in DOMAINS}
    assert len(found) > 50


@pytest.mark.parametrize("name", DOMAINS)
def test_every_struct_can_be_decoded_and_has_the_protocols_names_on_the_wire(name: str) -> None:
    domain, there = DOMAINS[name], module(DOMAINS[name])
    wanted = {spec.id: names(spec.properties) for spec in domain.types if spec.properties}
    wanted |= {f"{pascal(c.name)}Result": names(c.returns) for c in domain.commands if c.returns}
    events = {f"{name}.{event.name}": names(event.parameters) for event in domain.events}
    structs = [
        value for value in vars(there).values() if isinstance(value, type) and value.__module__ == there.__name__
    ]
    for struct in structs:
        msgspec.json.Decoder(struct)  # looks every name in its annotations up, over all domains
    told = {struct.METHOD: wire_names(struct) for struct in structs if hasattr(struct, "METHOD")}
    assert told == events
    assert {s.__name__: wire_names(s) for s in structs if not hasattr(s, "METHOD")} == wanted


@pytest.mark.parametrize("name", DOMAINS)
def test_every_command_sends_what_it_is_given_under_the_protocols_names(name: str) -> None:
    there = module(DOMAINS[name])
    for spec in DOMAINS[name].commands:
        make = getattr(there, function(spec.name))
        parameters = inspect.signature(make).parameters.values()
        every = make(**{parameter.name: 0 for parameter in parameters})
        assert isinstance(every, Command)
        assert every.method == f"{name}.{spec.name}"
        assert sorted(every.params) == sorted(names(spec.parameters))
        needed = make(**{parameter.name: 0 for parameter in parameters if parameter.default is parameter.empty})
        assert sorted(needed.params) == sorted(field.name for field in spec.parameters if not field.optional)
        assert every.result is (getattr(there, f"{pascal(spec.name)}Result") if spec.returns else None)


def test_a_type_that_holds_itself_is_decoded_to_its_depth() -> None:
    dom = module(DOMAINS["DOM"])
    leaf = '{"nodeId":2,"backendNodeId":2,"nodeType":1,"nodeName":"B","localName":"b","nodeValue":""}'
    tree = leaf.replace("{", '{"children":[' + leaf + "],", 1)
    (child,) = msgspec.json.decode(tree, type=dom.Node).children
    assert (child.local_name, child.children) == ("b", None)


def test_a_domain_is_imported_without_the_others_and_the_client_without_any() -> None:
    script = (
        "import sys, harness.cdp.connection, harness.cdp.lifecycle\n"
        "def domains(): return sorted(name for name in sys.modules if name.startswith('harness.cdp.domains.'))\n"
        "assert domains() == [], domains()\n"
        "import harness.cdp.domains.page\n"
        "assert domains() == ['harness.cdp.domains.page'], domains()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_method_that_is_called_a_read_is_one_of_the_protocol() -> None:
    assert READS - PROTOCOL.methods.keys() == set()


def test_every_method_and_event_that_the_harness_names_is_one_of_the_protocol() -> None:
    known = PROTOCOL.methods.keys() | PROTOCOL.events.keys()
    named = {
        node.value: path
        for path, tree in python_files(ROOT, "harness", "strategies")
        if not path.startswith("harness/cdp/domains/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.partition(".")[0] in DOMAINS
        and node.value.partition(".")[2].isidentifier()
    }  # fmt: skip
    assert {name: path for name, path in named.items() if name not in known} == {}
    assert "Page.navigate" in named
