"""A network without its weights: what a configuration says before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedModel


def outline(config: PretrainedConfig) -> PreTrainedModel:
    """Return the network of a configuration with all parameters on torch's meta device, in bfloat16."""
    from transformers import AutoModelForCausalLM
    from transformers.integrations.accelerate import init_empty_weights
    from transformers.modeling_utils import no_init_weights

    # Buffers are computed from the configuration, not read, so they are made in full.
    with no_init_weights(), init_empty_weights():
        network: PreTrainedModel = AutoModelForCausalLM.from_config(
            config, dtype=torch.bfloat16, trust_remote_code=False
        )
    network.tie_weights()
    return network


def linear_layers(network: PreTrainedModel) -> dict[str, str]:
    """Return the network's linear layers by name, each with the name under which its weights are stored.

    An output layer that shares the embedding table is stored under the name of the table.
    """
    stored = {id(p): name for name, p in network.named_parameters()}
    return {name: stored[id(m.weight)] for name, m in network.named_modules() if type(m) is nn.Linear}


def buffers_of_files(network: PreTrainedModel) -> set[str]:
    """Return the names of buffers that are stored with the weights; few architectures have any."""
    parameters = {name for name, _ in network.named_parameters(remove_duplicate=False)}
    return set(network.state_dict()) - parameters
