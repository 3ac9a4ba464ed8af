"""How well the classifiers read: labelled ads in, rates with their intervals out, and the model card."""
