"""Numbers read off images: arrays in, numbers out."""
