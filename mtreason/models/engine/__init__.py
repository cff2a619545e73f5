"""The engine: a causal model of the transformers library run over a tree of cached tokens.

One token's way through it, in reading order:

1. `mtreason.decoding.scheduler` keeps the searches of many sentences going. It adds draws (a prefix, a seed, a
   temperature) to one batch, `tree._TreeSampling`, and asks it to `advance` until a continuation ends.
2. `tree._TreeSampling._step` is one token for every row: rows that have a token to read go through step 5 first, rows
   that only join start from what their prefix left behind. Then it calls
3. `tree.TreeModel.choose`, which turns the last layer's outputs into logits (`library.Network.logits`) and calls
4. `sampling.choose`: mask, log-softmax and top-k over the vocabulary, then `drawing.draw`, which picks one of the 64
   most probable with the row's own random number. The token and its probabilities are appended to the row.
5. In the next step `packed.DecodeBatch.step` reads that token for all rows side by side: `library.Network.run` calls
   the library's decoder on the rows laid end to end, and says to its attention, through a context variable, which rows
   these are.
6. The decoder calls `library._attention` in every layer, and that `DecodeBatch.attend`: the new key and value are put
   into the batch's buffer, and each row attends to its own (`attention.over_blocks`). Prompts and targets, many tokens
   a row, take `PackedModel.read` and `_Read.attend` instead.
7. Every linear layer on the way is an `int8.Int8Linear` on a CPU: rows are scaled to bytes and multiplied in integers.
   Where a reward reads hidden states, `packed.PackedModel.watch` has put hooks on some layers: every pass then also
   returns their outputs, and the nodes of the tree keep them.
8. A row that has ended leaves the batch; `tree.TreeModel.continuation` puts what it read into the tree as a node.

Around it: `load` makes a model of a directory (`outline` the network without weights, `building` its weights,
`verdict` what the probe found), `threads` how many threads the kernels run on, `recompute` the slow way for
architectures whose cache cannot be branched.
"""
