"""Real pairs: a sharp and a blurred image of the same sky, brought onto one grid and to one unit."""
