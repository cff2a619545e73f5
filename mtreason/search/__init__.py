"""The search: a tree in arrays, rules that choose where to go on, and the loop. Knows neither text nor models."""
