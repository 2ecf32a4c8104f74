"""The models that find cells and name them: `smear-find`, `smear-name` and `nuclei-find` in `models/zoo`."""
