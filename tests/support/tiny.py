"""Models small enough for every test: real architecture, real tokenizer, random weights."""

import json
from pathlib import Path

TEXTS = [
    "今天天气很好，我们去公园吧。",
    "这双鞋的踩屎感太强了，穿上就不想脱下来！",
    "The weather is nice today, let us go to the park.",
    "These shoes are so comfortable that I never want to take them off!",
    "Translate the following Chinese text into English. Give only the translation, without any explanation.",
    "You are a professional translator. Use these translations: Preceding text, for reference only: Text:",
]
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


END_LOGIT = 1.0
"""What the terse model gives to the end of its turn, on the average."""


def make_tiny_model(path: Path) -> None:
    """Write a directory of the transformers library with a two-layer Qwen2 model."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    specials = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=500,
        special_tokens=specials,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(TEXTS, trainer)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe, eos_token="<|im_end|>", pad_token="<|endoftext|>", chat_template=TEMPLATE
    )
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>"]})
    tokenizer.save_pretrained(path)
    torch.manual_seed(7)
    network = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=512,
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            eos_token_id=tokenizer.eos_token_id,
            bos_token_id=None,
        )
    )
    for parameter in network.parameters():
        if parameter.ndim > 1:
            parameter.data.mul_(3)  # logits that differ clearly
    network.generation_config = GenerationConfig(eos_token_id=tokenizer.eos_token_id)
    network.save_pretrained(path)
    assert json.loads((path / "config.json").read_text("utf-8"))["model_type"] == "qwen2"


def make_terse_model(path: Path, tiny_model: Path) -> None:
    """Write the tiny model, but inclined to end its turn: translations of a few tokens, for runs of many lines."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer, network = AutoTokenizer.from_pretrained(tiny_model), AutoModelForCausalLM.from_pretrained(tiny_model)
    with torch.no_grad():
        states = [network.base_model(**tokenizer(t, return_tensors="pt")).last_hidden_state[0] for t in TEXTS]
        mean = torch.cat(states).mean(dim=0)
        network.lm_head.weight[tokenizer.eos_token_id] = mean / mean.norm() ** 2 * END_LOGIT
    tokenizer.save_pretrained(path)
    network.save_pretrained(path)
