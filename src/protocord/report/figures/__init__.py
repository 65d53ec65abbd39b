"""One function a figure: results in, a canvas out."""
