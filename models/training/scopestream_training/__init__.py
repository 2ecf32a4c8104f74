"""Training of the Scopestream enhancement models: real and simulated pairs in, bioimage.io packages out."""
