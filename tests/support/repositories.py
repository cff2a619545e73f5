"""Repositories of documents, and a translator that needs no model."""

from pathlib import Path

from mtreason.runs.project import Project

CONFIG = """
source = "zh"
targets = ["en"]
files = ["docs/*"]
output = "out/{lang}/{path}"
columns = []
glossaries = []
shipped_glossaries = false
decoder = "greedy"
budget = 2
"""


class StandIn:
    """Says of each text that it is translated, and remembers what it was asked."""

    def __init__(self, word: str = "said", before=lambda text: None) -> None:
        self.word = word
        self.asked: list[str] = []
        self.before = before

    def translate(self, texts):
        for text in texts:
            self.before(text)
        self.asked += texts
        return [f"{self.word} {text}" for text in texts]


class Repository:
    """A directory with a configuration, which is kept translated by a stand-in."""

    def __init__(self, root: Path, config: str = CONFIG) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.config = root / "mtreason.toml"
        self.config.write_text(config, "utf-8")

    def source(self, name: str, content: str | bytes) -> Path:
        return _put(self.root / "docs" / name, content)

    def output(self, name: str, content: str | bytes) -> Path:
        return _put(self.root / "out" / "en" / "docs" / name, content)

    def read(self, name: str) -> str:
        return (self.root / "out" / "en" / "docs" / name).read_bytes().decode("utf-8")

    def update(self, translator: StandIn | None = None, **options) -> StandIn:
        translator = translator or StandIn()
        self.last = Project(self.config).update(translator=translator, **options)
        return translator

    def findings(self) -> list[tuple[str, str]]:
        """(kind, name) of what is wrong, without what a stand-in cannot know."""
        kinds = {"placeholder", "term", "metric"}
        return [(f.kind, f.name.rpartition("/")[2]) for f in Project(self.config).check() if f.kind not in kinds]

    def edited(self) -> list[str]:
        return [f.name.rpartition("/")[2] for f in Project(self.config).review().edited]


def _put(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
