"""Reading what people wrote: prices, dates and contacts out of free text, in eight languages."""
