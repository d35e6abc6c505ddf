"""Judgement of restored images: scores, and what may be concluded from them."""
