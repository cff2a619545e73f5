"""The packaged text encoder, and the COMET checkpoints around it, with small files of the same form."""

import hashlib
import itertools
import re
import struct
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from support.commands import run_inside

from mtreason.errors import ModelError
from mtreason.evaluation.learned import checkpoints, estimator
from mtreason.evaluation.learned import encoder as encoder_module
from mtreason.evaluation.learned.checkpoints import HIDDEN, PACKAGED, SCALE, prepare_metric
from mtreason.evaluation.learned.encoder import BLOCK, ENCODER, prepare_encoder, read_encoder, write_encoder
from mtreason.evaluation.learned.estimator import Estimator
from mtreason.models.files.cache import cached_models
from mtreason.rewards import REWARDS
from mtreason.runs.checks import check_settings, load_metric
from mtreason.runs.settings import Settings

WIDTH, LAYERS, HEADS, FEED_FORWARD, POSITIONS = 32, 2, 2, 64, 40
WORDS = ["▁the", "▁cat", "▁sat", "▁a", "▁dog", "猫", "坐", "着", "。"]
PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", *WORDS, *"abcdefghijklmnopqrstuvwxyz", "<mask>"]


def quantise(values):
    """Q4_0, as the format has it: value = (nibble - 8) * scale."""
    blocks = values.reshape(-1, BLOCK)
    scales = (np.abs(blocks).max(1) / 7).astype(np.float16)
    nibbles = np.clip(np.round(blocks / scales[:, None].astype(np.float32)) + 8, 0, 15).astype(np.uint8)
    packed = nibbles[:, : BLOCK // 2] | (nibbles[:, BLOCK // 2 :] << 4)
    raw = b"".join(s.tobytes() + row.tobytes() for s, row in zip(scales, packed, strict=True))
    return raw, ((nibbles.astype(np.float32) - 8) * scales[:, None].astype(np.float32)).reshape(-1)


def tensors():
    """Shapes by name; matrices are quantised, vectors are not."""
    draw = np.random.default_rng(3)
    shapes = {
        "emb.word": (len(PIECES), WIDTH), "emb.pos": (POSITIONS, WIDTH), "emb.type": (2, WIDTH),
        "emb.ln.w": (WIDTH,), "emb.ln.b": (WIDTH,),
    }  # fmt: skip
    for i in range(LAYERS):
        for part in ("q", "k", "v", "ao"):
            shapes |= {f"l{i}.{part}.w": (WIDTH, WIDTH), f"l{i}.{part}.b": (WIDTH,)}
        shapes |= {f"l{i}.fi.w": (FEED_FORWARD, WIDTH), f"l{i}.fi.b": (FEED_FORWARD,)}
        shapes |= {f"l{i}.fo.w": (WIDTH, FEED_FORWARD), f"l{i}.fo.b": (WIDTH,)}
        for part in ("aln", "oln"):
            shapes |= {f"l{i}.{part}.w": (WIDTH,), f"l{i}.{part}.b": (WIDTH,)}
    return {name: draw.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="module")
def packed(tmp_path_factory):
    """A file of the format, and the values that it holds."""
    text = "".join(PIECES).encode()
    offsets = np.cumsum([0, *[len(p.encode()) for p in PIECES]]).astype("<u4")
    head = b"E5S1" + bytes(4)
    head += struct.pack("<7ifi", WIDTH, LAYERS, HEADS, FEED_FORWARD, len(PIECES), POSITIONS, 2, 1e-12, BLOCK)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(text))
    head += offsets.tobytes() + np.linspace(-1, -9, len(PIECES)).astype("<f4").tobytes() + text
    head += struct.pack("<iI", 0, 3) + b"abc"
    values, entries = {}, []
    for name, own in tensors().items():
        raw, values[name] = quantise(own) if own.ndim == 2 else (own.tobytes(), own)
        entries.append((name.encode(), 2 if own.ndim == 2 else 0, own.size, raw))
    size = len(head) + 4 + sum(2 + len(name) + 1 + 4 + 8 + 8 for name, *_ in entries)
    directory, body = struct.pack("<i", len(entries)), b""
    for name, kind, elements, raw in entries:
        directory += struct.pack("<H", len(name)) + name
        directory += struct.pack("<BIQQ", kind, elements, size + len(body), len(raw))
        body += raw
    path = tmp_path_factory.mktemp("encoder") / "tiny.bin"
    path.write_bytes(head + directory + body)
    return path, values


@pytest.fixture(scope="module")
def encoder(packed, tmp_path_factory):
    target = tmp_path_factory.mktemp("made") / "encoder"
    write_encoder(read_encoder(packed[0]), target)
    return target


def test_values_are_read_exactly(packed) -> None:
    path, values = packed
    file = read_encoder(path)
    assert [piece for piece, _ in file.pieces] == PIECES
    assert (file.bos, file.eos, file.pad, file.unk) == (0, 2, 1, 3)
    assert file.tensors.keys() == values.keys()
    for name, own in values.items():
        assert np.array_equal(file.tensors[name], own), name


def test_it_computes_what_its_bert_form_computes(packed, encoder) -> None:
    from transformers import AutoModel, AutoTokenizer, BertConfig, BertModel

    _, values = packed
    config = BertConfig(
        len(PIECES), WIDTH, LAYERS, HEADS, FEED_FORWARD, max_position_embeddings=POSITIONS, layer_norm_eps=1e-12
    )
    bert = BertModel(config, add_pooling_layer=False).eval()
    names = {
        "q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value", "fi": "intermediate.dense",
        "ao": "attention.output.dense", "aln": "attention.output.LayerNorm", "fo": "output.dense",
        "oln": "output.LayerNorm", "word": "word_embeddings", "pos": "position_embeddings",
        "type": "token_type_embeddings", "ln": "LayerNorm",
    }  # fmt: skip
    state = bert.state_dict()
    for name, own in values.items():
        where, part, *rest = name.split(".")
        kind = "bias" if rest == ["b"] else "weight"
        prefix = "embeddings" if where == "emb" else f"encoder.layer.{where[1:]}"
        key = f"{prefix}.{names[part]}.{kind}"
        state[key] = torch.from_numpy(own.reshape(state[key].shape))
    bert.load_state_dict(state)
    tokenizer = AutoTokenizer.from_pretrained(encoder)
    batch = tokenizer(["the cat sat", "猫坐着。 a dog"], return_tensors="pt", padding=True)
    assert batch["input_ids"][0].tolist()[:1] == [0]
    assert 3 not in batch["input_ids"], "no text is unknown to it"
    model = AutoModel.from_pretrained(encoder, add_pooling_layer=False).eval()
    with torch.inference_mode():
        ours = model(**batch).last_hidden_state
        theirs = bert(**batch).last_hidden_state
    kept = batch["attention_mask"].bool()
    assert torch.allclose(ours[kept], theirs[kept], atol=1e-5)


@pytest.mark.parametrize("damage", ["magic", "cut"])
def test_damaged_files(packed, tmp_path, damage) -> None:
    data = packed[0].read_bytes()
    path = tmp_path / "bad.bin"
    path.write_bytes(b"GGUF" + data[4:] if damage == "magic" else data[: len(data) // 2])
    with pytest.raises(ModelError, match=r"bad\.bin is not the encoder it should be, or is damaged"):
        read_encoder(path)


def test_the_packaged_file_is_verified(packed, tmp_path, monkeypatch) -> None:
    path, _ = packed
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path))
    monkeypatch.setattr(encoder_module, "part_files", lambda _model: (path,))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(ModelError, match=f"SHA-256 {digest}, expected {ENCODER.sha256}: reinstall with pip install"):
        prepare_encoder(lambda *_: None)
    assert not [p for p in tmp_path.iterdir() if p.is_dir()], "nothing is left behind"
    made = prepare_encoder(lambda *_: None, replace(ENCODER, sha256=digest))
    assert (made / "model.safetensors").is_file()
    assert prepare_encoder(lambda *_: pytest.fail("made twice"), replace(ENCODER, sha256=digest)) == made
    (made / "config.json").write_text("{}", "utf-8")
    with pytest.raises(ModelError, match=r"config\.json"):
        prepare_encoder(lambda *_: None)


@pytest.fixture
def weights(tmp_path, monkeypatch, encoder):
    """Weights such as training leaves: low-rank changes to two layers, a mix of layers and two heads."""
    draw = torch.Generator().manual_seed(5)

    def random(*shape):
        return torch.randn(*shape, generator=draw) * 0.3

    found = {"with_reference.layerwise_attention.gamma": torch.tensor([0.9])}
    found |= {f"with_reference.layerwise_attention.scalar_parameters.{i}": random(1) for i in range(LAYERS + 1)}
    body = "with_reference.encoder.model.base_model.model.encoder.layer"
    for name, out, into in (("0.attention.self.query", WIDTH, WIDTH), ("1.output.dense", WIDTH, FEED_FORWARD)):
        found |= {f"{body}.{name}.lora_A.default.weight": random(2, into)}
        found |= {f"{body}.{name}.lora_B.default.weight": random(out, 2)}
    for head, parts in (("with_reference", 6), ("without", 4)):
        sizes = [parts * WIDTH, *HIDDEN, 1]
        for i, (into, out) in enumerate(itertools.pairwise(sizes)):
            place = 3 * i
            found |= {f"{head}.estimator.ff.{place}.weight": random(out, into) / 4}
            found |= {f"{head}.estimator.ff.{place}.bias": random(out)}
    path = tmp_path / "metric.safetensors"
    save_file({name: value.half().contiguous() for name, value in found.items()}, path)
    monkeypatch.setattr(checkpoints, "WEIGHTS", path)
    monkeypatch.setattr(checkpoints, "prepare_encoder", lambda _report: encoder)
    monkeypatch.setenv("MTREASON_CACHE", str(tmp_path / "cache"))
    return found


@pytest.mark.parametrize("metric", PACKAGED.values(), ids=lambda m: m.head)
def test_assembled_checkpoints_are_ordinary_ones(weights, encoder, metric) -> None:
    """Scores are those of the encoder with its changes, the mix of its layers, and the head, computed by hand."""
    from transformers import AutoModel, AutoTokenizer

    path = prepare_metric(metric, lambda *_: None)
    assert prepare_metric(metric, lambda *_: pytest.fail("made twice")) == path
    assert [model.name for model in cached_models()] == [path.name]
    made = Estimator(metric.name)
    assert made.label == path.name
    assert made.needs_references == (metric.head == "with_reference")
    triple = ("猫坐着。", "the cat sat", "a dog" if made.takes_references else None)
    [found] = made.scores([triple])
    assert Estimator(str(path)).scores([triple]) == [found]

    weights = {name: value.half().float() for name, value in weights.items()}
    model = AutoModel.from_pretrained(encoder, add_pooling_layer=False).eval()
    with torch.no_grad():
        for layer, part in (
            (0, model.encoder.layer[0].attention.self.query), (1, model.encoder.layer[1].output.dense)
        ):  # fmt: skip
            [down] = [v for n, v in weights.items() if f"layer.{layer}." in n and "lora_A" in n]
            [up] = [v for n, v in weights.items() if f"layer.{layer}." in n and "lora_B" in n]
            part.weight += SCALE * up @ down
    mix = "with_reference.layerwise_attention"
    shares = torch.softmax(torch.cat([weights[f"{mix}.scalar_parameters.{i}"] for i in range(LAYERS + 1)]), 0)
    tokenizer = AutoTokenizer.from_pretrained(encoder)

    def embed(text):
        with torch.inference_mode():
            states = model(**tokenizer([text], return_tensors="pt"), output_hidden_states=True).hidden_states
        mixed = sum(share * state for share, state in zip(shares, states, strict=True))
        return weights[f"{mix}.gamma"] * mixed[0].mean(0)

    source, translation = embed(triple[0]), embed(triple[1])
    features = [translation, source, translation * source, (translation - source).abs()]
    if triple[2] is not None:
        reference = embed(triple[2])
        features = [
            translation, reference, translation * reference, (translation - reference).abs(), translation * source,
            (translation - source).abs(),
        ]  # fmt: skip
    x = torch.cat(features)
    for i in (0, 3, 6):
        x = weights[f"{metric.head}.estimator.ff.{i}.weight"] @ x + weights[f"{metric.head}.estimator.ff.{i}.bias"]
        x = torch.tanh(x) if i < 6 else x
    assert found == pytest.approx(float(x), abs=1e-4)


def test_they_are_there_by_name(weights, tmp_path, monkeypatch, capfd) -> None:
    for name, text in (("hyp", "the cat sat\n"), ("ref", "a dog sat\n"), ("src", "猫坐着。\n")):
        (tmp_path / name).write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    common = ["evaluate", "--hyp", "hyp", "--src", "src", "--metric", "comet", "--to"]
    for arguments, title in ((["en", "--ref", "ref"], "mtreason-e5s-ref-"), (["en"], "mtreason-e5s-qe-")):
        code, out, err = run_inside([*common, *arguments], monkeypatch, capfd)
        assert code == 0, err
        assert re.search(rf"COMET\[{title}[0-9a-f]{{8}}\]", out)
        assert "not made for" not in err
    code, _, err = run_inside([*common, "de", "--from", "zh"], monkeypatch, capfd)
    assert code == 0
    assert re.search(r"mtreason-e5s-qe-[0-9a-f]{8} was not made for zh-de: its scores say little of that", err)
    options = Settings(reward="qe", qe="mtreason-e5s-qe")
    check_settings(options)
    assert not load_metric(REWARDS["qe"], options).takes_references
    with pytest.raises(ModelError, match="needs references: name a referenceless one, such as mtreason-e5s-qe"):
        check_settings(Settings(reward="qe", qe="mtreason-e5s-ref"))
    monkeypatch.setattr(estimator, "part_files", refuse)
    with pytest.raises(ModelError, match="is not installed"):
        check_settings(options)


GOOD = (
    (
        "明天的会议推迟到下午三点，请通知所有同事。",
        "Tomorrow's meeting has been moved to 3 p.m.; please let all colleagues know.",
        "Tomorrow's meeting is postponed to 3 p.m. Please inform all colleagues.",
        (
            "明天的会议推迟到下午三点，请通知所有同事。",
            "",
            "Die Sitzung morgen wird auf 15 Uhr verschoben, bitte informieren Sie alle Kollegen.",
            "Tomorrow's meeting",
            "Tomorrow's meeting is postponed to 3 p.m. " * 4,
        ),
    ),
    (
        "The shop on the corner closes at nine, so we have to hurry.",
        "街角的商店九点关门，所以我们得快点。",
        "拐角处的那家店九点打烊，所以我们必须赶快。",
        (
            "The shop on the corner closes at nine, so we have to hurry.",
            "",
            "Le magasin du coin ferme à neuf heures, il faut donc se dépêcher.",
            "拐角处的",
            "拐角处的那家店九点打烊，" * 4,
        ),
    ),
)
"""Source, reference, a good translation and bad ones."""


@pytest.mark.slow
@pytest.mark.parametrize("name", PACKAGED)
def test_what_comes_along_is_not_fooled(name) -> None:
    """The weights that ship, around the real encoder."""
    metric = Estimator(name)
    for source, reference, good, bad in GOOD:
        kept = reference if metric.takes_references else None
        best, *others = metric.scores([(source, text, kept) for text in (good, *bad)])
        assert max(others) < best, others


def refuse(_model):
    raise ModelError("the encoder is not installed")
