"""Who led to a sale: rule models over touches and orders. Plain Python and one SQL text, no Django.

* `definition` holds the one portable SQL text that says which touches belong to which order, and how it is
  bound to somebody's own tables;
* `models` turns an order's touches into amounts that sum to the cent, and takes refunds off the same way;
* `lines` spreads those amounts over the order's lines, to the cent in both directions;
* `ledger` streams the definition's rows into rows worth keeping;
* `journeys` is the same definition once more in Python, slow and obvious, to check the text against.
"""
