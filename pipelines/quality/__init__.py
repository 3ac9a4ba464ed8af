"""How well the machine's levels and scores stand up to what people decided."""
