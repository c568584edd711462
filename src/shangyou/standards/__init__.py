"""Standards as dated, sourced data, and the code that reads them."""
