"""Reading printed pages back: render, compare with the intended symbol, decode with independent readers."""
