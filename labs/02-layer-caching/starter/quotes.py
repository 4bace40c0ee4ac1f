"""Something to read for each day."""

QUOTES = [
    "Slow is smooth, and smooth is fast.",
    "Well begun is half done.",
    "Measure twice, cut once.",
    "The cheapest step is the one you don't take.",
]


def quote_of(day):
    return QUOTES[day.toordinal() % len(QUOTES)]
