"""How long what people told is kept."""
