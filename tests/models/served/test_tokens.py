"""The tokenizer of a server: what it tells about the model."""

import json
from concurrent.futures import Future

import pytest

from mtreason.models.served.tokens import CHATML, ServerTokenizer


class Scripted:
    """A client of a server whose tokenizer knows some pieces as tokens, and everything else by its bytes."""

    def __init__(self, pieces, template) -> None:
        self.pieces = pieces
        self.template = template

    def ask(self, request, read):
        asked = json.loads(request.body)
        if request.path == "/apply-template":
            return read({"prompt": self.template.format(asked["messages"][0]["content"])})
        said = asked["content"]
        return read({"tokens": [self.pieces.index(said)] if said in self.pieces else list(said.encode())})

    def begin(self, answer):
        done = Future()
        done.set_result(answer)
        return done


IN_CHATML = f"{CHATML[0]}user\n{{}}{CHATML[1]}\n{CHATML[0]}assistant\n"


@pytest.mark.parametrize(
    ("pieces", "template", "chat"),
    [
        (["<eos>"], IN_CHATML, False),  # a base model: llama.cpp has put its own template there
        (["<eos>", *CHATML], IN_CHATML, True),
        (["<eos>"], "<start_of_turn>user\n{}<end_of_turn>\n<start_of_turn>model\n", True),
    ],
)
def test_a_template_of_the_server_itself_is_none_of_the_model(pieces, template, chat) -> None:
    assert ServerTokenizer(Scripted(pieces, template), "<eos>", 300).chat is chat
