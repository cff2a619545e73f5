"""The search: a tree in arrays, rules that choose where to continue, and the loop. Knows neither text nor models."""
