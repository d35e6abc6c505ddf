"""Files of instruments and cameras, to and from images, header kept."""
