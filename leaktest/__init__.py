"""Proof that nobody sees what is not theirs: a made-up world full of marks, asked by everybody."""
