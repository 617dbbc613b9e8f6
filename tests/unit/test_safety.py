"""Nothing is unpickled or evaluated, no name reaches a shell or leaves its folder, and results tell no secret."""

import ast
import io
import json
import pickle
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cohort_sources import EXPECTED, fetched, writer
from stratbench.cohorts.real import cohort_file
from stratbench.cohorts.real import fetch as fetching
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.core.private import shared
from stratbench.methods import registry
from stratbench.popgen import grm
from stratbench.summary.provenance import provenance

ROOT = Path(__file__).parents[2]
SOURCES = [
    *sorted((ROOT / "src").rglob("*.py")),
    *sorted((ROOT / "workflow").rglob("*.py")),
    *sorted((ROOT / "docs").glob("*.py")),
    ROOT / "requirements" / "install.py",
]
RULES = [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]
UNPICKLE = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "joblib",
    "shelve",
    "marshal",
    "jsonpickle",
}
UNPICKLE_CALLS = {
    "read_pickle",
    "to_pickle",
    "unsafe_load",
    "full_load",
    "unsafe_load_all",
    "full_load_all",
    "load_all",
}
EXTRACT = {"extractall", "unpack_archive"}
SHELL = {"os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "pty.spawn"}
NETWORK = {
    "socket",
    "http",
    "urllib",
    "ftplib",
    "smtplib",
    "requests",
    "urllib3",
    "aiohttp",
    "httpx",
    "xmlrpc",
    "telnetlib",
}
ALLOWED = {  # (what, where): each is bounded by what the file's docstring says
    ("subprocess", "src/stratbench/cohorts/real/debian.py"),
    ("subprocess", "src/stratbench/cohorts/real/wheel.py"),
    ("subprocess", "src/stratbench/summary/provenance.py"),
    ("subprocess", "src/snakemake_executor_plugin_slurm_groups/__init__.py"),
    ("subprocess", "requirements/install.py"),
    ("network", "src/stratbench/cohorts/real/fetch.py"),
    ("exec_module", "src/stratbench/methods/registry.py"),  # the user's own method file
    ("compile", "src/stratbench/methods/source.py"),  # whose syntax is checked, without running it
    ("yaml.load", "src/stratbench/core/yaml_file.py"),  # with Strict, a SafeLoader
}


def dotted(node: ast.expr) -> str:
    """The name of what is called, ``np.load``; of a method of something computed, ``.load``."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def unsafe(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Yield what a source does that could run or unpack somebody else's bytes, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = (
                [node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
            )
            for module in (name.partition(".")[0] for name in modules):
                if module in UNPICKLE:
                    yield module, node.lineno
                if module == "subprocess":
                    yield module, node.lineno
                if module in NETWORK:
                    yield "network", node.lineno
        elif isinstance(node, ast.Call):
            name, options = dotted(node.func), {word.arg: word.value for word in node.keywords}
            last = name.rpartition(".")[2]
            if name in ("eval", "exec", "compile", "__import__") or last == "exec_module":
                yield last, node.lineno
            if last in UNPICKLE_CALLS | EXTRACT or name in SHELL:
                yield name, node.lineno
            if name.endswith("yaml.load"):
                yield name, node.lineno
            for option, harmless in (("shell", False), ("allow_pickle", False)):
                value = options.get(option)
                if value is not None and not (isinstance(value, ast.Constant) and value.value is harmless):
                    yield f"{option} of {name}", node.lineno


def test_no_source_unpickles_evaluates_extracts_or_reaches_a_shell():
    found = {
        (what, path.relative_to(ROOT).as_posix()): line
        for path in SOURCES
        for what, line in unsafe(ast.parse(path.read_bytes()))
    }
    assert len(SOURCES) > 150
    assert not [f"{where}:{found[what, where]}: {what}" for what, where in found.keys() - ALLOWED]
    assert found.keys() == ALLOWED  # what is allowed and no longer needed is struck off


@pytest.mark.parametrize(
    "code",
    [
        "import pickle", "from joblib import load", "import os\nos.system('x')", "eval('1')", "exec(text)",
        "subprocess.run('x', shell=True)", "np.load(path, allow_pickle=True)", "np.load(path, allow_pickle=flag)",
        "yaml.load(text)", "yaml.unsafe_load(text)", "pd.read_pickle(path)", "tar.extractall()", "import socket",
        "shutil.unpack_archive(path)", "__import__(name)", "import urllib.request", "os.popen('x')",
    ],
)  # fmt: skip
def test_what_is_unsafe_is_seen(code):
    assert list(unsafe(ast.parse(code)))


def test_yaml_is_read_by_a_safe_loader_alone():
    import yaml

    from stratbench.core.yaml_file import Strict

    assert issubclass(Strict, yaml.SafeLoader)
    calls = [
        node
        for node in ast.walk(ast.parse((ROOT / "src/stratbench/core/yaml_file.py").read_bytes()))
        if isinstance(node, ast.Call) and dotted(node.func) == "yaml.load"
    ]
    assert [dotted(node.args[1]) for node in calls] == ["Strict"]


def test_a_config_that_would_run_python_is_refused(tmp_path):
    from stratbench.core import yaml_file

    path, made = tmp_path / "config.yaml", tmp_path / "made"
    path.write_text(f"study: !!python/object/apply:os.mkdir ['{made}']\n")
    with pytest.raises(UserError, match=r"config\.yaml: not YAML: .*could not determine a constructor"):
        yaml_file.read(path)
    assert not made.exists()


def test_rules_run_scripts_and_no_shell():
    for path in RULES:
        text = path.read_text()
        assert not re.search(r"^\s*(shell|run|wrapper|notebook|cwl|module)\b.*:", text, re.MULTILINE), (
            path.name
        )
        assert not re.search(r"\b(eval|exec|os\.system|popen|subprocess|shell)\s*\(", text), path.name


class Payload:
    """Unpickled, it makes a folder."""

    def __init__(self, made: Path) -> None:
        self.made = made

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        import os

        return os.mkdir, (str(self.made),)


def test_a_pickle_within_a_matrix_is_refused_and_not_run(tmp_path):
    path, made = tmp_path / "grm.npz", tmp_path / "made"
    member = io.BytesIO()
    np.lib.format.write_array(member, np.array([Payload(made)], dtype=object), allow_pickle=True)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("grm_NN.npy", member.getvalue())
    with pytest.raises(UserError, match=rf"{path}: is cut or damaged"):
        grm.stored(path)
    assert not made.exists()


def test_a_pickle_in_the_place_of_trained_parameters_is_refused_and_not_run(tmp_path):
    from stratbench.training import store

    path, made, fit = tmp_path / "params.msgpack", tmp_path / "made", tmp_path / "fit.json"
    path.write_bytes(pickle.dumps(Payload(made)))
    seeds = [{"seed": 0, "status": "ok", "reason": ""}]
    files.write_json({"status": "ok", "reason": "", "split_sha256": "x", "seeds": seeds}, fit)
    with pytest.raises(UserError, match=r"params\.msgpack: is cut or damaged"):
        store.restore(path, fit, "x")
    assert not made.exists()


NAMES = [
    "../x",
    "/etc/x",
    "a/b",
    "a;touch x",
    "$(touch x)",
    "`x`",
    "a\nb",
    "a\0b",
    "x" * 300,
    "\u0430",
    "-o",
    "",
    "..",
    "a b",
]


@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_a_fetched_file_stays_in_its_folder(tmp_path, name):
    """The names that a cohort file gives to what is fetched, to Debian packages and to columns."""
    write = writer(tmp_path, tmp_path / "mirror")
    sound = cohort_file.read(write({"mirror": "x.bed"}))
    for place in ("name", "sha256"):
        bad = json.loads(json.dumps(sound))
        bad["files"]["bed"][place] = name
        with pytest.raises(UserError, match=rf"files\.bed\.{place}: "):
            cohort_file.read(bad)
    bad = json.loads(json.dumps(sound))
    bad["files"]["bed"]["sources"] = [{"debian": name, "path": "x"}]
    with pytest.raises(UserError, match=r"files\.bed\.sources"):
        cohort_file.read(bad)


@pytest.mark.parametrize("kind", registry.FOLDERS)
@pytest.mark.parametrize("name", NAMES, ids=repr)
def test_the_name_of_a_method_leads_to_no_other_file(kind, name):
    with pytest.raises(UserError, match=f"unknown {kind}"):
        registry.find(kind, name)


def test_a_method_file_s_odd_name_is_no_command(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("$(touch made);touch made.py")
    path.write_text(
        '"""m"""\nOPTIONS = {}\nCITATION = ""\n\n\ndef build(n_snps, options):\n    return None\n'
    )
    registry.load("model", "mine", path)
    assert [found.name for found in tmp_path.iterdir() if found.name == "made"] == []


def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(tmp_path, monkeypatch):
    monkeypatch.setenv(fetching.MIRROR, str(tmp_path / "mirror"))
    path = writer(tmp_path, tmp_path / "mirror")({"mirror": "x.bed"})
    out, secret = tmp_path / "out", tmp_path / "secret"
    secret.write_text("mine")
    out.mkdir()
    (out / "final.bed").symlink_to(secret)
    (out / "final.bim").symlink_to(tmp_path / "nowhere")
    fetching.fetch({"cohort_file": path}, {"folder": out})
    assert fetched(out) == EXPECTED
    assert secret.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()
    files.write_text("ours\n", out / "table.tsv")
    (out / "link.tsv").symlink_to(secret)
    files.write_text("ours\n", out / "link.tsv")
    assert secret.read_text() == "mine"


def test_provenance_tells_no_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "alice"))
    monkeypatch.setenv("SOME_TOKEN", "hunter2")
    source = {"url": "https://alice:hunter2@example.org/x.bed?sig=hunter2&a=1#hunter2"}
    config = {
        "study": "mine",
        "seeds": 2,
        "cohorts": {
            "own": {
                "real": f"{tmp_path}/alice/own.yaml",
                "declared": {"files": {"bed": {"sources": [source]}}},
            }
        },
    }
    text = json.dumps(provenance(config, [], 0))
    for secret in ("hunter2", str(tmp_path), "SOME_TOKEN"):
        assert secret not in text
    assert "https://example.org/x.bed?(left out)" in text
    assert "~/own.yaml" in text
    assert config["cohorts"]["own"]["real"].startswith(str(tmp_path))  # the config itself is left as it is


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("http://example.org/a/b.bed", "http://example.org/a/b.bed"),
        ("https://u@example.org", "https://example.org"),
        ("https://u:p@ss@example.org/x", "https://example.org/x"),
        ("file:///data/x.bed", "file:///data/x.bed"),
        (
            "see https://a:b@c.org/d?e=f and http://g.org/h",
            "see https://c.org/d?(left out) and http://g.org/h",
        ),
        ("a?b#c", "a?b#c"),
        ("me@example.org", "me@example.org"),
    ],
)
def test_addresses_lose_passwords_and_tokens(text, seen):
    assert shared([{"x": text}, 3, None]) == [{"x": seen}, 3, None]


def test_why_a_source_failed_tells_no_secret(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(fetching.MIRROR, str(tmp_path / "mirror"))
    url = "http://alice:hunter2@127.0.0.1:1/x.bed?sig=hunter2"
    path = writer(tmp_path, tmp_path / "mirror")({"url": url})
    with pytest.raises(fetching.Unfetched) as error:
        fetching.fetch({"cohort_file": path}, {"folder": tmp_path / "out"})
    told = f"{error.value} {error.value.failures} {capsys.readouterr().out}"
    assert "http://127.0.0.1:1/x.bed?(left out)" in told
    assert "hunter2" not in told
